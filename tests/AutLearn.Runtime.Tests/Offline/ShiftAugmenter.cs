using AutLearn.Runtime.Offline;

namespace AutLearn.Runtime.Tests.Offline;

/// <summary>Adds a small number that depends on sample, variant and seed.</summary>
internal sealed class ShiftAugmenter : IAugmenter
{
    public void Augment(IReadOnlyList<TensorBuffer> inputs, long contentKey, int variant, int seed)
    {
        var random = new Random(HashCode(contentKey, variant, seed));
        foreach (ref float value in inputs[0].Span<float>())
            value += (random.NextSingle() - 0.5f) * 0.1f;
    }

    private static int HashCode(long key, int variant, int seed) => unchecked((int)(key * 31) + (variant * 7919) + (seed * 104729));
}
