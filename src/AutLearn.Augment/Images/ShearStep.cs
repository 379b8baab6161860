using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Shears the content along x.</summary>
/// <param name="MaxDegrees">The angle is uniform in [-max, max]; 0 to 80.</param>
public sealed record ShearStep(double MaxDegrees) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(MaxDegrees, 0, 80, nameof(MaxDegrees));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
        => plan.Move(AffineTransform.Shear(Math.Tan(random.NextDouble(-MaxDegrees, MaxDegrees) * Math.PI / 180), 0));
}
