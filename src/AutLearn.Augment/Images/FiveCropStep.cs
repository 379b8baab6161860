using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Keeps one of the four corners or the centre, each with the same probability.</summary>
/// <param name="Fraction">The share of each side, in (0, 1].</param>
public sealed record FiveCropStep(double Fraction) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Fraction, 0.01, 1, nameof(Fraction));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        double width = plan.Width * Fraction;
        double height = plan.Height * Fraction;
        int place = random.NextInt32(5);
        double x = place == 4 ? 0.5 : place % 2;
        double y = place == 4 ? 0.5 : place / 2;
        plan.Crop(x * (plan.Width - width), y * (plan.Height - height), width, height);
    }
}
