using System.Runtime.InteropServices;
using AutLearn.Augment.Images.Decoding;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Pbm;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;

namespace AutLearn.Augment.Images;

/// <summary>Decodes JPEG, PNG, WebP, GIF, BMP, TIFF, TGA and PBM in managed code, by ImageSharp 2: on every platform, with no native part.</summary>
/// <remarks>Images are decoded at full size; for photos of many megapixels, <c>AutLearn.Augment.Skia</c> is about three times as fast. A damaged lossless WebP file may take 125 MB while it is refused. Stateless; safe for use by several threads.</remarks>
public sealed class ManagedImageDecoder : IImageDecoder
{
    // ImageSharp needs less beside the pixels: rows, tables, JPEG's coefficients (6 bytes a pixel and component).
    private const long BytesPerPixel = 32;
    private const int SmallestLimitInMegabytes = 16;

    // ImageSharp asks for this array by reflection when it reads TIFF; under NativeAOT it exists only where somebody names it.
    private static readonly ExifDataType[] KeptForNativeAot = Enum.GetValues<ExifDataType>();

    /// <summary>Gets the decoder.</summary>
    public static ManagedImageDecoder Instance { get; } = new();

    /// <inheritdoc/>
    public PixelImage Decode(ReadOnlySpan<byte> bytes, string name, ImageDecoderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (ImageFormat format, int orientation) = DecodedPixels.Examine(bytes, name);
        if (format == ImageFormat.WebP && WebPFile.FirstFrame(bytes) is { } still)
            bytes = still;
        if (format == ImageFormat.WebP && WebPFile.SizeOfPicture(bytes) is { } size)
            DecodedPixels.RequireSize(size.Width, size.Height, size.Width, size.Height, name, options);
        try
        {
            Configuration configuration = Create(options);
            IImageInfo info = Identify(configuration, bytes)
                ?? throw new InvalidDataException($"Image '{name}' is in no format that can be read here, or its header is damaged.");
            DecodedPixels.RequireSize(info.Width, info.Height, info.Width, info.Height, name, options);
            using Image<Rgba32> image = Image.Load<Rgba32>(configuration, bytes);

            // What a header says and what is decoded are read by different code.
            DecodedPixels.RequireSize(image.Width, image.Height, image.Width, image.Height, name, options);
            uint[] pixels = new uint[image.Width * image.Height];
            image.CopyPixelDataTo(MemoryMarshal.Cast<uint, Rgba32>(pixels.AsSpan()));
            return DecodedPixels.Finish(image.Width, image.Height, pixels, orientation);
        }
        catch (Exception e) when (e is not (InvalidDataException or OutOfMemoryException or OperationCanceledException))
        {
            // Hostile bytes make a foreign decoder throw what its authors never thought of; for the caller all of it is one thing.
            throw new InvalidDataException(e is UnknownImageFormatException
                ? $"Image '{name}' is in no format that can be read here, or its header is damaged."
                : $"Image '{name}' is damaged ({e.Message.ReplaceLineEndings(" ")}). Restore the file or leave it out.", e);
        }
    }

    private static unsafe IImageInfo? Identify(Configuration configuration, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            using var stream = new UnmanagedMemoryStream(start, bytes.Length);
            return Image.Identify(configuration, stream);
        }
    }

    // Metadata are not read: compressed text in them may unpack to any size, and the orientation is known already.
    private static Configuration Create(ImageDecoderOptions options)
    {
        var configuration = new Configuration(
            new JpegConfigurationModule(), new PngConfigurationModule(), new GifConfigurationModule(), new BmpConfigurationModule(),
            new TgaConfigurationModule(), new TiffConfigurationModule(), new WebpConfigurationModule(), new PbmConfigurationModule())
        {
            MaxDegreeOfParallelism = 1,
            MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions
            {
                AllocationLimitMegabytes = (int)Math.Clamp(options.MaxPixels * BytesPerPixel >> 20, SmallestLimitInMegabytes, int.MaxValue),
                MaximumPoolSizeMegabytes = 0,
            }),
        };
        configuration.ImageFormatsManager.SetDecoder(JpegFormat.Instance, new JpegDecoder { IgnoreMetadata = true });
        configuration.ImageFormatsManager.SetDecoder(PngFormat.Instance, new PngDecoder { IgnoreMetadata = true });
        configuration.ImageFormatsManager.SetDecoder(GifFormat.Instance, new GifDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First });
        configuration.ImageFormatsManager.SetDecoder(TiffFormat.Instance, new TiffDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First });
        configuration.ImageFormatsManager.SetDecoder(WebpFormat.Instance, new WebpDecoder { IgnoreMetadata = true });
        return configuration;
    }
}
