namespace AutLearn.Augment.Images.Decoding;

/// <summary>What all decoders do before and after decoding.</summary>
internal static class DecodedPixels
{
    /// <summary>Refuses what cannot be an image, and reads what decoders do not agree on.</summary>
    /// <exception cref="InvalidDataException">The bytes are empty or end early.</exception>
    public static (ImageFormat Format, int Orientation) Examine(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.IsEmpty)
            throw new InvalidDataException($"Image '{name}' is empty.");
        ImageFormat format = ImageSignature.Of(bytes);
        return ImageCompleteness.IsWhole(format, bytes)
            ? (format, ExifOrientation.Of(format, bytes))
            : throw new InvalidDataException($"Image '{name}' is damaged: it ends before its last pixel. Restore the file or leave it out.");
    }

    /// <summary>Refuses more pixels than the options allow, before they are allocated.</summary>
    /// <exception cref="InvalidDataException">There are too many, or none.</exception>
    public static void RequireSize(long width, long height, long fullWidth, long fullHeight, string name, ImageDecoderOptions options)
    {
        if (width < 1 || height < 1)
            throw new InvalidDataException($"Image '{name}' has a side of zero.");
        if (width > int.MaxValue || height > int.MaxValue || width * height > Math.Min(options.MaxPixels, Array.MaxLength))
            throw new InvalidDataException($"Image '{name}' has {fullWidth}x{fullHeight} pixels, more than the limit of {options.MaxPixels}. Scale it down, or raise the limit.");
    }

    /// <summary>Blends with white, and turns upright.</summary>
    public static PixelImage Finish(int width, int height, uint[] pixels, int orientation)
    {
        BlendWithWhite(pixels);
        return Orient(width, height, pixels, orientation);
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

    private static PixelImage Orient(int width, int height, uint[] pixels, int orientation)
    {
        if (orientation <= 1)
            return new(width, height, pixels);
        (int outWidth, int outHeight) = orientation >= 5 ? (height, width) : (width, height);
        uint[] oriented = new uint[pixels.Length];
        for (int y = 0; y < outHeight; y++)
        {
            for (int x = 0; x < outWidth; x++)
            {
                (int sx, int sy) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                oriented[(y * outWidth) + x] = pixels[(sy * width) + sx];
            }
        }

        return new(outWidth, outHeight, oriented);
    }
}
