using System.Runtime.InteropServices;

namespace AutLearn.Runtime;

/// <summary>One tensor of a feature set: rows of equal size, one after the other.</summary>
internal sealed class FeatureColumn
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>Gets the bytes of one row; 0 while there is none.</summary>
    public int RowSizeInBytes { get; private set; }

    /// <summary>Gets the dimensions of a row, without the batch.</summary>
    public long[] RowDimensions { get; private set; } = [];

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Settles the size of a row, or checks it against the rows before.</summary>
    /// <exception cref="ArgumentException">The rows differ in size.</exception>
    public void Expect(TensorBuffer rows)
    {
        ReadOnlySpan<long> dimensions = rows.Dimensions[1..];
        if (_length > 0 && !dimensions.SequenceEqual(RowDimensions))
            throw new ArgumentException($"The rows of {rows} differ in size from the rows before.");
        RowDimensions = dimensions.ToArray();
        RowSizeInBytes = rows.Bytes.Length / (int)rows.Dimensions[0];
    }

    /// <summary>Settles the size of a row, or checks it against the rows before.</summary>
    /// <exception cref="ArgumentException">The rows differ in size.</exception>
    public void Expect(FeatureColumn other)
    {
        if (_length > 0 && !other.RowDimensions.AsSpan().SequenceEqual(RowDimensions))
            throw new ArgumentException($"Rows of [{string.Join(",", other.RowDimensions)}] differ in size from the rows before, [{string.Join(",", RowDimensions)}].");
        (RowDimensions, RowSizeInBytes) = (other.RowDimensions, other.RowSizeInBytes);
    }

    public void Append(ReadOnlySpan<byte> rows)
    {
        int needed = checked(_length + rows.Length);
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _bytes.Length)));
        rows.CopyTo(_bytes.AsSpan(_length));
        _length = needed;
    }

    public void CopyRows(ReadOnlySpan<int> rows, Span<byte> target)
    {
        int size = RowSizeInBytes;
        for (int i = 0; i < rows.Length; i++)
            _bytes.AsSpan(rows[i] * size, size).CopyTo(target[(i * size)..]);
    }

    public FeatureColumn Select(ReadOnlySpan<int> rows)
    {
        var selected = new FeatureColumn
        {
            _bytes = new byte[rows.Length * RowSizeInBytes],
            _length = rows.Length * RowSizeInBytes,
            RowSizeInBytes = RowSizeInBytes,
            RowDimensions = RowDimensions,
        };
        CopyRows(rows, selected._bytes);
        return selected;
    }

    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);
}
