using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Moves the content.</summary>
/// <param name="MaxX">The share of the width, uniform in [-max, max]; 0 to 1.</param>
/// <param name="MaxY">The share of the height, uniform in [-max, max]; 0 to 1.</param>
public sealed record TranslationStep(double MaxX, double MaxY) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(MaxX, 0, 1, nameof(MaxX));
        Check(MaxY, 0, 1, nameof(MaxY));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
        => plan.Move(AffineTransform.Translation(random.NextDouble(-MaxX, MaxX) * plan.Width, random.NextDouble(-MaxY, MaxY) * plan.Height));
}
