namespace AutLearn.Augment.Images.Decoding;

/// <summary>Tells formats by their content: people rename files.</summary>
internal static class ImageSignature
{
    public static ImageFormat Of(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? ImageFormat.Jpeg
        : bytes.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) ? ImageFormat.Png
        : bytes.StartsWith("GIF8"u8) ? ImageFormat.Gif
        : bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8) ? ImageFormat.WebP
        : bytes.StartsWith("BM"u8) ? ImageFormat.Bmp
        : bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8) ? ImageFormat.Tiff
        : bytes.Length > 2 && bytes[0] == 'P' && bytes[1] is >= (byte)'1' and <= (byte)'6' && bytes[2] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)'#' ? ImageFormat.Pbm
        : ImageFormat.Other;
}
