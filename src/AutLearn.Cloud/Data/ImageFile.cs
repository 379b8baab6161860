using SkiaSharp;

namespace AutLearn.Cloud.Data;

/// <summary>Decodes JPEG, PNG, WebP and BMP files.</summary>
internal static class ImageFile
{
    /// <summary>The most pixels that an image may have.</summary>
    public const long MaximumPixels = 100_000_000;

    /// <summary>Decodes a file to RGB, upright as its EXIF orientation says.</summary>
    /// <exception cref="DataFileException">The file is missing, damaged or too large.</exception>
    public static PixelImage Decode(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }

        using SKData data = SKData.CreateCopy(bytes);
        using SKCodec? codec = SKCodec.Create(data);
        if (codec is null)
            throw new DataFileException(path, "is no image that can be decoded (JPEG, PNG, WebP and BMP can).");
        SKImageInfo size = codec.Info;
        if (size.Width < 1 || size.Height < 1 || (long)size.Width * size.Height > MaximumPixels)
            throw new DataFileException(path, $"has {size.Width}x{size.Height} pixels; at most {MaximumPixels} are decoded.");

        using var bitmap = new SKBitmap(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        SKCodecResult result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
            throw new DataFileException(path, $"the image data are damaged ({result}).");
        return ToRgb(bitmap, codec.EncodedOrigin);
    }

    private static PixelImage ToRgb(SKBitmap bitmap, SKEncodedOrigin origin)
    {
        ReadOnlySpan<byte> source = bitmap.GetPixelSpan();
        int stride = bitmap.RowBytes;
        bool isSwapped = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        int width = isSwapped ? bitmap.Height : bitmap.Width;
        int height = isSwapped ? bitmap.Width : bitmap.Height;
        byte[] rgb = new byte[width * height * 3];
        for (int y = 0, to = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, to += 3)
            {
                (int column, int row) = origin switch
                {
                    SKEncodedOrigin.TopRight => (width - 1 - x, y),
                    SKEncodedOrigin.BottomRight => (width - 1 - x, height - 1 - y),
                    SKEncodedOrigin.BottomLeft => (x, height - 1 - y),
                    SKEncodedOrigin.LeftTop => (y, x),
                    SKEncodedOrigin.RightTop => (y, width - 1 - x),
                    SKEncodedOrigin.RightBottom => (height - 1 - y, width - 1 - x),
                    SKEncodedOrigin.LeftBottom => (height - 1 - y, x),
                    _ => (x, y),
                };
                int from = (row * stride) + (4 * column);
                int alpha = source[from + 3];
                for (int c = 0; c < 3; c++)
                {
                    // Transparent pixels show white paper.
                    rgb[to + c] = (byte)(((source[from + c] * alpha) + (255 * (255 - alpha)) + 127) / 255);
                }
            }
        }

        return new PixelImage(width, height, 3, rgb);
    }
}
