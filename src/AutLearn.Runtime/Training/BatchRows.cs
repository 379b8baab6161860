namespace AutLearn.Runtime.Training;

/// <summary>The rows of a batch, so that some of them can be chosen. Serves after a refusal only, so it may allocate.</summary>
/// <param name="boundary">The boundary tensors, with the rows as first dimension.</param>
/// <param name="labels">The labels, likewise.</param>
internal sealed class BatchRows(TensorBuffer[] boundary, TensorBuffer labels)
{
    public int Count => (int)labels.Dimensions[0];

    public TensorBuffer Labels => labels;

    public BufferSource Source => new(boundary, labels, logits: null, logitsVersion: null);

    /// <summary>Copies some of the rows.</summary>
    public BatchRows Select(params ReadOnlySpan<int> rows)
    {
        var chosen = new TensorBuffer[boundary.Length];
        for (int i = 0; i < chosen.Length; i++)
            chosen[i] = Select(boundary[i], rows);
        return new(chosen, Select(labels, rows));
    }

    private static TensorBuffer Select(TensorBuffer source, ReadOnlySpan<int> rows)
    {
        var target = new TensorBuffer(source.ElementType, [rows.Length, .. source.Dimensions[1..]]);
        int size = source.Bytes.Length / (int)source.Dimensions[0];
        for (int i = 0; i < rows.Length; i++)
            source.Bytes.Slice(rows[i] * size, size).CopyTo(target.Bytes[(i * size)..]);
        return target;
    }
}
