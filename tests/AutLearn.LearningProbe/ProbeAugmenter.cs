using AutLearn.Runtime;
using AutLearn.Runtime.Offline;

namespace AutLearn.LearningProbe;

/// <summary>Shakes the input.</summary>
internal sealed class ProbeAugmenter : IAugmenter
{
    public void Augment(IReadOnlyList<TensorBuffer> inputs, long contentKey, int variant, int seed)
    {
        var random = new Random(unchecked((int)contentKey + (variant * 1009) + (seed * 9176)));
        foreach (ref float value in inputs[0].Span<float>())
            value += (random.NextSingle() - 0.5f) * 0.05f;
    }
}
