using System.Buffers.Binary;

namespace AutLearn.Cache.Disk;

/// <summary>The first bytes of a segment file: magic, version, layout, key, checksum; little-endian.</summary>
internal static class SegmentHeader
{
    public const int Size = 64;

    private const ulong Magic = 0x3253_4645_4C54_5541; // "AUTLEFS2"
    private const int ChecksumAt = Size - sizeof(uint);

    public static byte[] Create(int slotSize, int rows, RowFormat format, ReadOnlySpan<byte> key)
    {
        byte[] header = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), slotSize);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), rows);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), (int)format);
        key.CopyTo(header.AsSpan(20, 32));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(ChecksumAt), Checksum.Of(header.AsSpan(0, ChecksumAt)));
        return header;
    }

    public static bool IsIntact(ReadOnlySpan<byte> header) =>
        header.Length == Size
        && BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumAt..]) == Checksum.Of(header[..ChecksumAt]);
}
