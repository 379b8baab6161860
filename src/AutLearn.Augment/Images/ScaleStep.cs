using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Scales the content about the centre, log-uniformly.</summary>
/// <param name="Min">The smallest factor, in [0.05, 20].</param>
/// <param name="Max">The largest factor, at least the smallest.</param>
public sealed record ScaleStep(double Min, double Max) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Min, 0.05, 20, nameof(Min));
        Check(Max, Min, 20, nameof(Max));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        double factor = Math.Exp(random.NextDouble(Math.Log(Min), Math.Log(Max)));
        plan.Move(AffineTransform.Scaling(factor, factor));
    }
}
