using System.Buffers.Binary;

namespace AutLearn.Augment.Images.Decoding;

/// <summary>What of WebP files ImageSharp 2 does not see: the first frame of an animation, and the size that the picture itself states.</summary>
/// <remarks>Format: WebP Container Specification, sections Extended File Format and Animation.</remarks>
internal static class WebPFile
{
    private const int FrameHeader = 16;

    /// <summary>Rewrites the file; null where it is not animated, or has no first frame.</summary>
    public static byte[]? FirstFrame(ReadOnlySpan<byte> bytes)
    {
        const byte animation = 2;
        if (bytes.Length < 30 || !bytes[12..].StartsWith("VP8X"u8) || (bytes[20] & animation) == 0)
            return null;
        for (int at = 12; at + 8 <= bytes.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..]);
            if (length > bytes.Length - at - 8)
                return null;
            if (bytes[at..].StartsWith("ANMF"u8) && length > FrameHeader)
                return Still(bytes.Slice(at + 8, (int)length));
            at += 8 + (int)length + (int)(length & 1);
        }

        return null;
    }

    /// <summary>Reads the size that the picture itself states, which the header of an extended file may contradict.</summary>
    /// <returns>Null where there is no picture.</returns>
    public static (int Width, int Height)? SizeOfPicture(ReadOnlySpan<byte> bytes)
    {
        for (int at = 12; at + 18 <= bytes.Length;)
        {
            ReadOnlySpan<byte> chunk = bytes[at..], content = chunk[8..];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk.StartsWith("VP8L"u8))
            {
                uint sizes = BinaryPrimitives.ReadUInt32LittleEndian(content[1..]);
                return ((int)(sizes & 0x3FFF) + 1, (int)(sizes >> 14 & 0x3FFF) + 1);
            }

            if (chunk.StartsWith("VP8 "u8))
                return (BinaryPrimitives.ReadUInt16LittleEndian(content[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(content[8..]) & 0x3FFF);
            if (length > bytes.Length - at - 8)
                return null;
            at += 8 + (int)length + (int)(length & 1);
        }

        return null;
    }

    // The frame's chunks (perhaps ALPH, then VP8 or VP8L) behind a header of their own size: the first frame of nearly every file fills
    // the canvas, and of one that does not, the frame is what there is to see.
    private static byte[] Still(ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> content = frame[FrameHeader..];
        byte[] still = new byte[12 + 18 + content.Length];
        "RIFF"u8.CopyTo(still);
        BinaryPrimitives.WriteUInt32LittleEndian(still.AsSpan(4), (uint)still.Length - 8);
        "WEBPVP8X"u8.CopyTo(still.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(still.AsSpan(16), 10);
        const byte alpha = 16;
        still[20] = alpha;
        frame.Slice(6, 6).CopyTo(still.AsSpan(24));
        content.CopyTo(still.AsSpan(30));
        return still;
    }
}
