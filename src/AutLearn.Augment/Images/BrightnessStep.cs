using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Changes the brightness.</summary>
/// <param name="Max">The change is uniform in [-max, max], as a share of the full range; 0 to 1.</param>
public sealed record BrightnessStep(double Max) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Max, 0, 1, nameof(Max));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
        => plan.Recolor(ColorTransform.Brightness((float)(255 * random.NextDouble(-Max, Max))));
}
