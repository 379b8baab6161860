using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Rotates the content about the centre.</summary>
/// <param name="MaxDegrees">The angle is uniform in [-max, max]; 0 to 180.</param>
public sealed record RotationStep(double MaxDegrees) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(MaxDegrees, 0, 180, nameof(MaxDegrees));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
        => plan.Move(AffineTransform.Rotation(random.NextDouble(-MaxDegrees, MaxDegrees)));
}
