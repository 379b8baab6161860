using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Keeps the centred square, as classifiers expect it.</summary>
/// <param name="Fraction">The square's side as a share of the shorter side, in (0, 1].</param>
public sealed record CenterCropStep(double Fraction) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Fraction, 0.01, 1, nameof(Fraction));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        double side = Math.Min(plan.Width, plan.Height) * Fraction;
        plan.Crop((plan.Width - side) / 2, (plan.Height - side) / 2, side, side);
    }
}
