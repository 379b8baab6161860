using System.Buffers.Binary;

namespace AutLearn.Augment.Images.Decoding;

/// <summary>Tells whether a TGA file (Truevision TGA 2.0) has all its pixels.</summary>
internal static class TgaFile
{
    private const int HeaderSize = 18;

    /// <summary>Tells whether the bytes may be a TGA file, which has no signature.</summary>
    public static bool IsLikely(ReadOnlySpan<byte> bytes) =>
        bytes.Length > HeaderSize && bytes[1] <= 1 && bytes[2] is 1 or 2 or 3 or 9 or 10 or 11 && bytes[16] is 8 or 15 or 16 or 24 or 32;

    public static bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        long pixels = (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]) * BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);
        int size = (bytes[16] + 7) / 8;
        int map = bytes[1] == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes[5..]) * ((bytes[7] + 7) / 8);
        long at = HeaderSize + bytes[0] + map;
        if (bytes[2] < 9)
            return at + (pixels * size) <= bytes.Length;

        // Packets of up to 128 pixels: one that is repeated, or each by itself.
        for (long got = 0; got < pixels;)
        {
            if (at >= bytes.Length)
                return false;
            int count = (bytes[(int)at] & 127) + 1;
            at += 1 + ((bytes[(int)at] & 128) != 0 ? size : count * size);
            got += count;
        }

        return at <= bytes.Length;
    }
}
