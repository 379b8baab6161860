using System.Buffers.Binary;

namespace AutLearn.Augment.Images.Decoding;

/// <summary>The first directory of a TIFF file, or of the EXIF block that other formats carry, which is one (TIFF 6.0, section 2).</summary>
internal readonly ref struct TiffDirectory
{
    private const int EntrySize = 12;
    private const ushort Short = 3, Long = 4;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ReadOnlySpan<byte> _entries;
    private readonly bool _isBigEndian;

    private TiffDirectory(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> entries, bool isBigEndian)
    {
        _bytes = bytes;
        _entries = entries;
        _isBigEndian = isBigEndian;
    }

    /// <summary>Finds the directory; empty where there is none.</summary>
    public static TiffDirectory Of(ReadOnlySpan<byte> bytes)
    {
        bool isBigEndian = bytes.StartsWith("MM\0*"u8);
        if (bytes.Length < 8 || !(isBigEndian || bytes.StartsWith("II*\0"u8)))
            return default;
        uint at = Number32(bytes[4..], isBigEndian);
        if (at > bytes.Length - 2)
            return default;
        int count = Number16(bytes[(int)at..], isBigEndian);
        ReadOnlySpan<byte> entries = bytes[((int)at + 2)..];
        return new(bytes, entries[..Math.Min(entries.Length / EntrySize * EntrySize, count * EntrySize)], isBigEndian);
    }

    /// <summary>Reads the one number of an entry; null where there is no such entry.</summary>
    public uint? Number(ushort tag) => TryFind(tag, out ushort type, out uint count, out ReadOnlySpan<byte> value) && count == 1
        ? type == Short ? Number16(value, _isBigEndian) : type == Long ? Number32(value, _isBigEndian) : null
        : null;

    /// <summary>Reads the numbers of an entry.</summary>
    /// <param name="tag">The entry.</param>
    /// <param name="visit">Receives position and number.</param>
    /// <returns>How many there are; 0 where there is no such entry, or it lies outside the file.</returns>
    public int Numbers(ushort tag, Action<int, uint> visit)
    {
        if (!TryFind(tag, out ushort type, out uint count, out ReadOnlySpan<byte> value) || type is not (Short or Long))
            return 0;
        int size = type == Short ? 2 : 4;
        if (count * (long)size > 4)
        {
            uint at = Number32(value, _isBigEndian);
            if (at > _bytes.Length || count * (long)size > _bytes.Length - at)
                return 0;
            value = _bytes[(int)at..];
        }

        for (int i = 0; i < count; i++)
            visit(i, size == 2 ? Number16(value[(2 * i)..], _isBigEndian) : Number32(value[(4 * i)..], _isBigEndian));
        return (int)count;
    }

    private bool TryFind(ushort tag, out ushort type, out uint count, out ReadOnlySpan<byte> value)
    {
        for (int at = 0; at < _entries.Length; at += EntrySize)
        {
            ReadOnlySpan<byte> entry = _entries.Slice(at, EntrySize);
            if (Number16(entry, _isBigEndian) != tag)
                continue;
            type = Number16(entry[2..], _isBigEndian);
            count = Number32(entry[4..], _isBigEndian);
            value = entry[8..];
            return true;
        }

        (type, count) = (0, 0);
        value = default;
        return false;
    }

    private static ushort Number16(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint Number32(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
