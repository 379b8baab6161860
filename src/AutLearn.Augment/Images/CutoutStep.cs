using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Fills squares with the mean (DeVries and Taylor 2017, arXiv:1708.04552).</summary>
/// <param name="Count">The squares, 1 to 16.</param>
/// <param name="Side">Their side as a share of the output, in (0, 1]; they may stick out.</param>
public sealed record CutoutStep(int Count, double Side) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Count, 1, 16, nameof(Count));
        Check(Side, 0.001, 1, nameof(Side));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        for (int i = 0; i < Count; i++)
            plan.CutOut(random.NextDouble() - (Side / 2), random.NextDouble() - (Side / 2), Side, Side);
    }
}
