using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Mirrors the content.</summary>
/// <param name="Axis">The direction.</param>
public sealed record FlipStep(FlipAxis Axis) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        if (!Enum.IsDefined(Axis))
            throw new ArgumentException($"{nameof(Axis)} of {nameof(FlipStep)} is {Axis}, which is not known.");
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan) =>
        plan.Move(Axis == FlipAxis.Horizontal ? AffineTransform.Scaling(-1, 1) : AffineTransform.Scaling(1, -1));
}
