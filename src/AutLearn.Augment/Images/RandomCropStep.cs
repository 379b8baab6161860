using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Keeps a random rectangle of the same aspect ratio.</summary>
/// <param name="MinSide">The smallest share of each side, in (0, 1]; the share is uniform in [min, 1].</param>
public sealed record RandomCropStep(double MinSide) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(MinSide, 0.01, 1, nameof(MinSide));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        double side = random.NextDouble(MinSide, 1);
        double width = plan.Width * side;
        double height = plan.Height * side;
        plan.Crop(random.NextDouble() * (plan.Width - width), random.NextDouble() * (plan.Height - height), width, height);
    }
}
