using AutLearn.Runtime.Execution;

namespace AutLearn.Runtime.Training;

/// <summary>Chosen rows of a feature set.</summary>
internal readonly ref struct FeatureRowsSource(FeatureSet set, ReadOnlySpan<int> rows) : IBatchSource
{
    private readonly ReadOnlySpan<int> _rows = rows;

    // Rows may stem from different versions; the set does not keep their logits.
    public long? LogitsVersion => null;

    public void Measure(ReadOnlySpan<TensorSlot> boundary, TensorSlot labels, scoped Span<long> sizes) => set.Measure(_rows.Length, boundary, labels, sizes);

    public void Fill(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, TensorBuffer? logits)
    {
        for (int i = 0; i < boundary.Length; i++)
            set.Boundary[i].CopyRows(_rows, boundary[i].Bytes);
        set.Labels.CopyRows(_rows, labels.Bytes);
    }
}
