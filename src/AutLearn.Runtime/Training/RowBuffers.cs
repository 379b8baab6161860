namespace AutLearn.Runtime.Training;

/// <summary>Boundary tensors and labels of a batch of rows of one size, filled row by row.</summary>
internal sealed class RowBuffers
{
    private readonly RowLayout _layout;

    public RowBuffers(RowLayout layout, int rows)
    {
        _layout = layout;
        Rows = rows;
        Boundary = [.. Enumerable.Range(0, layout.BoundaryCount).Select(i => layout.Boundary(i, rows))];
        Labels = layout.Labels(rows);
    }

    public int Rows { get; }

    public TensorBuffer[] Boundary { get; }

    public TensorBuffer Labels { get; }

    /// <summary>Gets the labels of a row.</summary>
    public Span<byte> LabelOf(int row) => Labels.Bytes.Slice(row * _layout.LabelSizeInBytes, _layout.LabelSizeInBytes);

    /// <summary>Copies a row out.</summary>
    public void Get(int row, Span<byte> features) => _layout.CopyFeatures(Boundary, row, Rows, features);

    /// <summary>Copies a row in.</summary>
    public void Set(int row, ReadOnlySpan<byte> features, ReadOnlySpan<byte> label)
    {
        foreach (TensorBuffer tensor in Boundary)
        {
            int size = tensor.Bytes.Length / Rows;
            features[..size].CopyTo(tensor.Bytes.Slice(row * size, size));
            features = features[size..];
        }

        label.CopyTo(LabelOf(row));
    }
}
