using System.Globalization;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>Boundary tensors, logits and labels of a batch of rows of one size, filled row by row.</summary>
internal sealed class RowBuffers
{
    public RowBuffers(ArtifactManifest manifest, int rows)
    {
        if (manifest.Labels.Shape.Length != 1 || manifest.Labels.ElementType != ElementType.Int64)
            throw new NotSupportedException($"Learning from single samples needs one class number a row; '{manifest.Labels.Name}' is {manifest.Labels}.");
        Rows = rows;
        Boundary = [.. manifest.Boundary.Select(b => BufferFor(b.Tensor, rows))];
        Labels = BufferFor(manifest.Labels, rows);
        RowSizeInBytes = Boundary.Sum(b => b.Bytes.Length / rows);
    }

    public int Rows { get; }

    public TensorBuffer[] Boundary { get; }

    public TensorBuffer Labels { get; }

    /// <summary>Gets the bytes of one row: its part of every boundary tensor, one after the other.</summary>
    public int RowSizeInBytes { get; }

    public static TensorBuffer BufferFor(TensorSpec spec, int rows) => new(
        spec.ElementType,
        [rows, .. spec.Shape.Skip(1).Select(d => long.TryParse(d, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size
            : throw new NotSupportedException($"Learning from single samples needs rows of one size; '{spec.Name}' is {spec}."))]);

    /// <summary>Copies one row of a run's boundary tensors into one span.</summary>
    public static void CopyRow(ReadOnlySpan<TensorBuffer> boundary, int row, int rows, Span<byte> target)
    {
        foreach (TensorBuffer tensor in boundary)
        {
            int size = tensor.Bytes.Length / rows;
            tensor.Bytes.Slice(row * size, size).CopyTo(target);
            target = target[size..];
        }
    }

    public void Set(int row, ReadOnlySpan<byte> features, long label)
    {
        foreach (TensorBuffer tensor in Boundary)
        {
            int size = tensor.Bytes.Length / Rows;
            features[..size].CopyTo(tensor.Bytes.Slice(row * size, size));
            features = features[size..];
        }

        Labels.Span<long>()[row] = label;
    }
}
