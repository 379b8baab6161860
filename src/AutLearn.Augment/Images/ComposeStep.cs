using System.Collections.Immutable;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Takes all steps in order.</summary>
/// <param name="Steps">The steps, at least one.</param>
public sealed record ComposeStep(ImmutableArray<ImageStep> Steps) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Steps.IsDefault ? 0 : Steps.Length, 1, 64, nameof(Steps));
        ValidateAll(Steps, GetType().Name);
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        for (int i = 0; i < Steps.Length; i++)
            Steps[i].Draw(random.Child(i), plan);
    }
}
