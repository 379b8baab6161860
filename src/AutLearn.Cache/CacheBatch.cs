using System.Runtime.InteropServices;

namespace AutLearn.Cache;

/// <summary>Reusable memory that training rows are copied into, contiguous by column.</summary>
/// <remarks>Owned by one thread at a time. Holds no native memory.</remarks>
public sealed class CacheBatch
{
    private readonly byte[][] _columns;
    private readonly byte[] _logits;
    private readonly long[] _ids;
    private readonly byte[] _labels;

    internal CacheBatch(FeatureCache cache, int capacity)
    {
        Cache = cache;
        Capacity = capacity;
        _columns = [.. cache.Columns.Select(c => new byte[checked(c.SizeInBytes * capacity)])];
        _logits = new byte[checked(cache.LogitsSizeInBytes * capacity)];
        _ids = new long[capacity];
        _labels = new byte[checked(cache.LabelSizeInBytes * capacity)];
        Slots = new int[capacity];
    }

    /// <summary>Gets the most rows that fit.</summary>
    public int Capacity { get; }

    /// <summary>Gets the rows held.</summary>
    public int Count { get; internal set; }

    /// <summary>Gets the parameter version of the logits, where those of every row belong to the version that was asked for; null else.</summary>
    public long? LogitsVersion { get; internal set; }

    /// <summary>Gets a value indicating whether every row's logits belong to the parameter version that was asked for.</summary>
    public bool HasCurrentLogits => LogitsVersion is not null;

    /// <summary>Gets the prediction ids of the rows.</summary>
    public ReadOnlySpan<long> Ids => _ids.AsSpan(0, Count);

    /// <summary>Gets the labels of the rows, where each is one class number.</summary>
    public ReadOnlySpan<long> Labels => MemoryMarshal.Cast<byte, long>(LabelBytes);

    /// <summary>Gets the labels of the rows, one row after the other.</summary>
    public ReadOnlySpan<byte> LabelBytes => _labels.AsSpan(0, Count * Cache.LabelSizeInBytes);

    internal FeatureCache Cache { get; }

    internal int[] Slots { get; }

    /// <summary>Gets the rows of one boundary tensor, one after the other.</summary>
    /// <typeparam name="T">The tensor's element type.</typeparam>
    /// <param name="column">The index of the column.</param>
    public ReadOnlySpan<T> Column<T>(int column)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(_columns[column].AsSpan(0, Count * Cache.Columns[column].SizeInBytes));

    /// <summary>Gets the logits of the rows; only meaningful where <see cref="HasCurrentLogits"/>.</summary>
    public ReadOnlySpan<float> Logits() =>
        MemoryMarshal.Cast<byte, float>(_logits.AsSpan(0, Count * Cache.LogitsSizeInBytes));

    /// <summary>Gets the bytes of the rows' logits; only meaningful where <see cref="HasCurrentLogits"/>.</summary>
    public ReadOnlySpan<byte> LogitBytes => _logits.AsSpan(0, Count * Cache.LogitsSizeInBytes);

    internal void Set(int row, int slot, long id, ReadOnlySpan<byte> label, ReadOnlySpan<byte> bytes)
    {
        Slots[row] = slot;
        _ids[row] = id;
        label.CopyTo(_labels.AsSpan(row * label.Length));
        int offset = 0;
        for (int c = 0; c < _columns.Length; c++)
        {
            int size = Cache.Columns[c].SizeInBytes;
            bytes.Slice(offset, size).CopyTo(_columns[c].AsSpan(row * size));
            offset += size;
        }

        bytes.Slice(offset, Cache.LogitsSizeInBytes).CopyTo(_logits.AsSpan(row * Cache.LogitsSizeInBytes));
    }
}
