using System.Buffers.Binary;

namespace AutLearn.Augment.Images.Decoding;

/// <summary>Finds how a camera was held: tag 0x0112 (Exif 2.32, section 4.6.4) in JPEG, PNG, WebP and TIFF.</summary>
/// <remarks>Read here and not by the decoders, which differ in the formats where they look.</remarks>
internal static class ExifOrientation
{
    private const ushort Tag = 0x0112;

    /// <summary>Reads the orientation.</summary>
    /// <returns>1 (upright) to 8; 1 where the file says nothing that makes sense.</returns>
    public static int Of(ImageFormat format, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> block = format switch
        {
            ImageFormat.Jpeg => InJpeg(bytes),
            ImageFormat.Png => InPng(bytes),
            ImageFormat.WebP => InWebP(bytes),
            ImageFormat.Tiff => bytes,
            _ => default,
        };
        return TiffDirectory.Of(block).Number(Tag) is { } value and >= 1 and <= 8 ? (int)value : 1;
    }

    private static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> bytes)
    {
        for (int at = 2; at + 4 <= bytes.Length && bytes[at] == 0xFF;)
        {
            byte marker = bytes[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            // The picture begins: nothing of it is metadata.
            if (marker == 0xDA)
                break;
            int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            if (length < 2 || at + 2 + length > bytes.Length)
                break;
            ReadOnlySpan<byte> content = bytes.Slice(at + 4, length - 2);
            if (marker == 0xE1 && content.StartsWith("Exif\0\0"u8))
                return content[6..];
            at += 2 + length;
        }

        return default;
    }

    private static ReadOnlySpan<byte> InPng(ReadOnlySpan<byte> bytes)
    {
        for (int at = 8; at + 12 <= bytes.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            if (length > bytes.Length - at - 12)
                break;
            if (bytes[(at + 4)..].StartsWith("eXIf"u8))
                return bytes.Slice(at + 8, (int)length);
            at += 12 + (int)length;
        }

        return default;
    }

    private static ReadOnlySpan<byte> InWebP(ReadOnlySpan<byte> bytes)
    {
        for (int at = 12; at + 8 <= bytes.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..]);
            if (length > bytes.Length - at - 8)
                break;
            if (bytes[at..].StartsWith("EXIF"u8))
            {
                ReadOnlySpan<byte> content = bytes.Slice(at + 8, (int)length);
                return content.StartsWith("Exif\0\0"u8) ? content[6..] : content;
            }

            at += 8 + (int)length + (int)(length & 1);
        }

        return default;
    }
}
