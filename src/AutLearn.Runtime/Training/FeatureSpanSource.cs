using AutLearn.Graph;
using AutLearn.Runtime.Execution;

namespace AutLearn.Runtime.Training;

/// <summary>Rows of one Float32 boundary tensor with class numbers.</summary>
internal readonly ref struct FeatureSpanSource(ReadOnlySpan<float> features, ReadOnlySpan<long> classes) : IBatchSource
{
    private readonly ReadOnlySpan<float> _features = features;
    private readonly ReadOnlySpan<long> _classes = classes;

    public long? LogitsVersion => null;

    public void Measure(ReadOnlySpan<TensorSlot> boundary, TensorSlot labels, scoped Span<long> sizes)
    {
        if (boundary.Length != 1 || boundary[0].ElementType != ElementType.Float32)
            throw new ArgumentException($"The model's boundary is not one Float32 tensor but {string.Join(", ", boundary.ToArray().Select(b => b.ToString()))}. Pass buffers.");
        sizes[0] = Slots.RowsOf(boundary[0], _features.Length);
    }

    public void Fill(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, TensorBuffer? logits)
    {
        _features.CopyTo(boundary[0].Span<float>());
        Slots.WriteClasses(_classes, labels);
    }
}
