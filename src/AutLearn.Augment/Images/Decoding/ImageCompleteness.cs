using System.Buffers.Binary;

namespace AutLearn.Augment.Images.Decoding;

/// <summary>Tells files that end early from whole ones: decoders fill up what is missing, each in its own way, and say nothing.</summary>
internal static class ImageCompleteness
{
    private const ushort StripOffsets = 273, StripByteCounts = 279, TileOffsets = 324, TileByteCounts = 325;

    /// <summary>Tells whether the file's own structure reaches its end. What has none is taken for whole.</summary>
    public static bool IsWhole(ImageFormat format, ReadOnlySpan<byte> bytes) => format switch
    {
        ImageFormat.Jpeg => JpegEnds(bytes),
        ImageFormat.Png => PngEnds(bytes),
        ImageFormat.Gif => FirstGifImageEnds(bytes),
        ImageFormat.WebP => BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) <= bytes.Length - 8L,
        ImageFormat.Bmp => BmpEnds(bytes),
        ImageFormat.Tiff => TiffEnds(bytes),
        ImageFormat.Pbm => PbmFile.IsWhole(bytes),
        _ => !TgaFile.IsLikely(bytes) || TgaFile.IsWhole(bytes),
    };

    // Entropy-coded data hold 0xFF only before 0 and before restart markers.
    private static bool JpegEnds(ReadOnlySpan<byte> bytes)
    {
        int at = 2;
        while (at + 2 <= bytes.Length)
        {
            int next = bytes[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= bytes.Length)
                return false;
            at += next;
            byte marker = bytes[at + 1];
            if (marker == 0xD9)
                return true;
            if (marker == 0xFF)
            {
                at++;
            }
            else if (marker is 0 or 1 or (>= 0xD0 and <= 0xD7))
            {
                at += 2;
            }
            else
            {
                if (at + 4 > bytes.Length)
                    return false;
                at += 2 + Math.Max(2, (int)BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]));
            }
        }

        return false;
    }

    private static bool PngEnds(ReadOnlySpan<byte> bytes)
    {
        for (long at = 8; at + 12 <= bytes.Length;)
        {
            ReadOnlySpan<byte> chunk = bytes[(int)at..];
            if (chunk[4..].StartsWith("IEND"u8))
                return true;
            at += 12L + BinaryPrimitives.ReadUInt32BigEndian(chunk);
        }

        return false;
    }

    private static bool FirstGifImageEnds(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 13)
            return false;
        int at = 13 + ColorTable(bytes[10]);
        while (at < bytes.Length)
        {
            byte block = bytes[at];
            if (block == 0x2C)
            {
                if (at + 11 > bytes.Length)
                    return false;
                at += 11 + ColorTable(bytes[at + 9]);
                return SkipSubBlocks(bytes, ref at);
            }

            if (block != 0x21)
                return false;
            at += 2;
            if (!SkipSubBlocks(bytes, ref at))
                return false;
        }

        return false;
    }

    private static int ColorTable(byte packed) => (packed & 0x80) == 0 ? 0 : 3 << ((packed & 7) + 1);

    private static bool SkipSubBlocks(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            int length = bytes[at];
            at += 1 + length;
            if (length == 0)
                return true;
        }

        return false;
    }

    // Uncompressed rows are padded to four bytes; packed ones have an end of their own, which the decoders miss when it is not there.
    // The palette lies between header and pixels: ImageSharp allocates what either says without a look at the file.
    private static bool BmpEnds(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 26)
            return false;
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[10..]);
        bool isOld = BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]) == 12;
        if (!isOld && bytes.Length < 34)
            return false;
        long width = isOld ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]);
        long height = isOld ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]) : Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]));
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(isOld ? 24 : 28)..]);
        uint compression = isOld ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes[30..]);
        uint colors = isOld || bytes.Length < 50 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes[46..]);
        if (offset > bytes.Length || colors > bytes.Length)
            return false;
        return compression is not (0 or 3) || width <= 0 || offset + (((width * bits) + 31) / 32 * 4 * height) <= bytes.Length;
    }

    private static bool TiffEnds(ReadOnlySpan<byte> bytes)
    {
        var directory = TiffDirectory.Of(bytes);
        return PartsEnd(directory, StripOffsets, StripByteCounts, bytes.Length) && PartsEnd(directory, TileOffsets, TileByteCounts, bytes.Length);
    }

    private static bool PartsEnd(TiffDirectory directory, ushort offsetTag, ushort countTag, int length)
    {
        var offsets = new List<uint>();
        bool isWhole = true;
        directory.Numbers(offsetTag, (_, offset) => offsets.Add(offset));
        directory.Numbers(countTag, (i, count) => isWhole &= i >= offsets.Count || offsets[i] + (long)count <= length);
        return isWhole;
    }
}
