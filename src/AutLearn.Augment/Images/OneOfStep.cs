using System.Collections.Immutable;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Takes one of the steps, each with the same probability.</summary>
/// <param name="Steps">The steps, at least one.</param>
public sealed record OneOfStep(ImmutableArray<ImageStep> Steps) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Steps.IsDefault ? 0 : Steps.Length, 1, 64, nameof(Steps));
        ValidateAll(Steps, GetType().Name);
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        int chosen = random.NextInt32(Steps.Length);
        Steps[chosen].Draw(random.Child(chosen), plan);
    }
}
