using System.Runtime.InteropServices;
using AutLearn.Augment.Images;
using AutLearn.Augment.Images.Decoding;
using SkiaSharp;

namespace AutLearn.Augment.Skia;

/// <summary>Decodes JPEG, PNG, WebP, GIF and BMP by Skia, and all else as <see cref="ManagedImageDecoder"/> does.</summary>
/// <remarks>
/// A JPEG of many megapixels that is wanted small (<see cref="ImageDecoderOptions.MinSide"/>) is decoded at eighths of its size, for a
/// fraction of the time. Native code: its memory is the platform's to bound. Stateless; safe for use by several threads.
/// </remarks>
public sealed class SkiaImageDecoder : IImageDecoder
{
    /// <summary>Gets the decoder.</summary>
    public static SkiaImageDecoder Instance { get; } = new();

    /// <inheritdoc/>
    public PixelImage Decode(ReadOnlySpan<byte> bytes, string name, ImageDecoderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (ImageFormat format, int orientation) = DecodedPixels.Examine(bytes, name);
        if (format is ImageFormat.Tiff or ImageFormat.Pbm or ImageFormat.Other)
            return ManagedImageDecoder.Instance.Decode(bytes, name, options);
        using SKData data = SKData.CreateCopy(bytes);
        using SKCodec codec = SKCodec.Create(data)
            ?? throw new InvalidDataException($"Image '{name}' is in no format that can be read here, or its header is damaged.");
        SKSizeI size = SmallestThatServes(codec, options.MinSide);
        DecodedPixels.RequireSize(size.Width, size.Height, codec.Info.Width, codec.Info.Height, name, options);

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

        return result == SKCodecResult.Success
            ? DecodedPixels.Finish(size.Width, size.Height, pixels, orientation)
            : throw new InvalidDataException($"Image '{name}' is damaged ({result}). Restore the file or leave it out.");
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
}
