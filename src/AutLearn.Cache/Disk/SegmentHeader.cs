using System.Buffers.Binary;

namespace AutLearn.Cache.Disk;

/// <summary>The first bytes of a segment file: magic, version, layout, key, the store's own clock, checksum; little-endian.</summary>
internal static class SegmentHeader
{
    public const int Size = 64;

    private const ulong Magic = 0x3253_4645_4C54_5541; // "AUTLEFS2"
    private const int StampAt = 20 + 32;
    private const int ChecksumAt = Size - sizeof(uint);

    public static byte[] Create(int slotSize, int rows, RowFormat format, ReadOnlySpan<byte> key)
    {
        byte[] header = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), slotSize);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), rows);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), (int)format);
        key.CopyTo(header.AsSpan(20, 32));
        WriteStamp(header, 0);
        return header;
    }

    /// <summary>Whether two headers are of one layout and key.</summary>
    public static bool AreOfOneStore(ReadOnlySpan<byte> header, ReadOnlySpan<byte> other) => header[..StampAt].SequenceEqual(other[..StampAt]);

    /// <summary>What the store's own clock showed (<see cref="AgeStamp"/>); 0 for nothing.</summary>
    public static long ReadStamp(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt64LittleEndian(header[StampAt..]);

    public static void WriteStamp(Span<byte> header, long stamp)
    {
        BinaryPrimitives.WriteInt64LittleEndian(header[StampAt..], stamp);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ChecksumAt..], Checksum.Of(header[..ChecksumAt]));
    }

    public static bool IsIntact(ReadOnlySpan<byte> header) =>
        header.Length == Size
        && BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumAt..]) == Checksum.Of(header[..ChecksumAt]);
}
