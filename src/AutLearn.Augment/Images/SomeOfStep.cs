using System.Collections.Immutable;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Takes some of the steps, in their order.</summary>
/// <param name="Steps">The steps, at least one.</param>
/// <param name="Count">How many, at most all.</param>
public sealed record SomeOfStep(ImmutableArray<ImageStep> Steps, int Count) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(Steps.IsDefault ? 0 : Steps.Length, 1, 64, nameof(Steps));
        ValidateAll(Steps, GetType().Name);
        Check(Count, 1, Steps.Length, nameof(Count));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
    {
        // Selection sampling: step i is taken with probability (still wanted) / (still to come).
        int wanted = Count;
        for (int i = 0; i < Steps.Length; i++)
        {
            if (random.NextInt32(Steps.Length - i) >= wanted)
                continue;
            wanted--;
            Steps[i].Draw(random.Child(i), plan);
        }
    }
}
