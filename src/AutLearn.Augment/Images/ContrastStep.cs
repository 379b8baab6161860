using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Changes the contrast about middle grey.</summary>
/// <param name="Max">The factor is uniform in [1 - max, 1 + max]; 0 to 1.</param>
public sealed record ContrastStep(double Max) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Max, 0, 1, nameof(Max));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
        => plan.Recolor(ColorTransform.Contrast((float)random.NextDouble(1 - Max, 1 + Max)));
}
