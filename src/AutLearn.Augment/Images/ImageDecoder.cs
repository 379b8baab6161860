using System.Runtime.InteropServices;
using SkiaSharp;

namespace AutLearn.Augment.Images;

/// <summary>Decodes JPEG, PNG, WebP, GIF, BMP and whatever else the platform's codecs read; EXIF orientation is honoured.</summary>
/// <remarks>
/// Animated images give their first frame; 16-bit and CMYK images are converted to 8-bit RGB; transparent pixels blend with white.
/// Memory is bounded before anything is allocated: by the file's own dimensions and <see cref="ImageDecoderOptions"/>.
/// Stateless; safe for use by several threads.
/// </remarks>
public static class ImageDecoder
{
    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">The file is no readable image, is damaged, or is too large; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PixelImage DecodeFile(string path, ImageDecoderOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        using FileStream file = RegularFile.OpenRead(path, bufferSize: 0);
        if (file.Length > options.MaxFileSizeInBytes)
            throw new InvalidDataException($"Image '{path}' has {file.Length} bytes, more than the limit of {options.MaxFileSizeInBytes}.");
        byte[] bytes = new byte[file.Length];
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Decode(bytes.AsSpan(0, read), path, options);
    }

    /// <summary>Decodes bytes.</summary>
    /// <param name="bytes">A whole image file.</param>
    /// <param name="name">What to call the image in an error.</param>
    /// <param name="options">Limits and the size that is wanted; the defaults decode at full size.</param>
    /// <exception cref="InvalidDataException">The bytes are no readable image, are damaged, or hold too many pixels; the message names the image.</exception>
    public static PixelImage Decode(ReadOnlySpan<byte> bytes, string name, ImageDecoderOptions? options = null)
    {
        options ??= new();
        if (bytes.IsEmpty)
            throw new InvalidDataException($"Image '{name}' is empty.");
        using SKData data = SKData.CreateCopy(bytes);
        using SKCodec codec = SKCodec.Create(data)
            ?? throw new InvalidDataException($"Image '{name}' is in no format that can be read here, or its header is damaged.");
        SKSizeI size = SmallestThatServes(codec, options.MinSide);
        if (size.Width < 1 || size.Height < 1)
            throw new InvalidDataException($"Image '{name}' has a side of zero.");
        if ((long)size.Width * size.Height > options.MaxPixels)
            throw new InvalidDataException($"Image '{name}' has {codec.Info.Width}x{codec.Info.Height} pixels, more than the limit of {options.MaxPixels}. Scale it down, or raise the limit.");

        uint[] pixels = new uint[size.Width * size.Height];
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        SKCodecResult result;
        GCHandle pin = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            result = codec.GetPixels(info, pin.AddrOfPinnedObject());
        }
        finally
        {
            pin.Free();
        }

        if (result != SKCodecResult.Success)
            throw new InvalidDataException($"Image '{name}' is damaged ({result}). Restore the file or leave it out.");
        if (codec.Info.AlphaType != SKAlphaType.Opaque)
            BlendWithWhite(pixels);
        return Orient(size.Width, size.Height, pixels, codec.EncodedOrigin);
    }

    // JPEG decodes at eighths of its size almost for free (fewer DCT coefficients); other formats answer with their full size.
    private static SKSizeI SmallestThatServes(SKCodec codec, int minSide)
    {
        SKSizeI full = codec.Info.Size;
        if (minSide <= 0)
            return full;
        for (int eighths = 1; eighths < 8; eighths++)
        {
            SKSizeI scaled = codec.GetScaledDimensions(eighths / 8f);
            if (Math.Min(scaled.Width, scaled.Height) >= minSide)
                return scaled;
        }

        return full;
    }

    private static void BlendWithWhite(Span<uint> pixels)
    {
        foreach (ref uint pixel in pixels)
        {
            uint alpha = pixel >> 24;
            if (alpha == 255)
                continue;
            uint white = (255 - alpha) * 255;
            uint red = (((pixel & 255) * alpha) + white + 127) / 255;
            uint green = (((pixel >> 8 & 255) * alpha) + white + 127) / 255;
            uint blue = (((pixel >> 16 & 255) * alpha) + white + 127) / 255;
            pixel = 0xFF000000 | (blue << 16) | (green << 8) | red;
        }
    }

    private static PixelImage Orient(int width, int height, uint[] pixels, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default)
            return new(width, height, pixels);
        bool swaps = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        int outWidth = swaps ? height : width;
        int outHeight = swaps ? width : height;
        uint[] oriented = new uint[pixels.Length];
        for (int y = 0; y < outHeight; y++)
        {
            for (int x = 0; x < outWidth; x++)
            {
                (int sx, int sy) = origin switch
                {
                    SKEncodedOrigin.TopRight => (width - 1 - x, y),
                    SKEncodedOrigin.BottomRight => (width - 1 - x, height - 1 - y),
                    SKEncodedOrigin.BottomLeft => (x, height - 1 - y),
                    SKEncodedOrigin.LeftTop => (y, x),
                    SKEncodedOrigin.RightTop => (y, height - 1 - x),
                    SKEncodedOrigin.RightBottom => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                oriented[(y * outWidth) + x] = pixels[(sy * width) + sx];
            }
        }

        return new(outWidth, outHeight, oriented);
    }
}
