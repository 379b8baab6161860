using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Pbm;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace AutLearn.Augment.Tests.Images;

/// <summary>Image files of odd kinds. Upright picture: left half red (200, 30, 30), right half blue (30, 30, 200), top quarter white.</summary>
internal static class OddImages
{
    public const int Width = 32;
    public const int Height = 24;

    // Pillow 9.4 wrote what ImageSharp does not: Image.convert("CMYK") as JPEG (Adobe marker, inverted), a progressive JPEG without
    // subsampling, and a lossless WebP of a green and a red frame, each 32 x 24 pixels.
    private const string CmykJpeg = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgAGAAgBEMRAE0RAFkRAEsRAP/EABkAAQEAAwEAAAAAAAAAAAAAAAAJAgcICv/EACAQAQAABAcBAAAAAAAAAAAAAAAFCBlXAwYXVaOl1NL/2gAOBEMATQBZAEsAAD8ApdqPl3ceDE+XXtSCXS4nSRHzuvakEulxOkiPnVTNR8u7jwYnyVIJdLidJEfOVIJdLidJEfONHVIJdLidJEfOVIJdLidJEfO3jqPl3ceDE+QqQS6XE6SI+cqQS6XE6SI+c1Hy7uPBifIzQ9ecwAEOhcUAFxRDoAEOhcUAH//Z";
    private const string ProgressiveJpeg = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAYACADAREAAhEBAxEB/8QAGAABAQADAAAAAAAAAAAAAAAAAAYEBwj/xAAZAQEBAAMBAAAAAAAAAAAAAAAACAQGBwX/2gAMAwEAAhADEAAAAd34vuDE2bXhy5zzuwlKYnsVcz0IJSmJ7H//xAAYEAADAQEAAAAAAAAAAAAAAAAABRYXMP/aAAgBAQABBQK3SlulNCQGhIOP/8QAHREAAAYDAQAAAAAAAAAAAAAAAAECBBMVU6HRMP/aAAgBAwEBPwGkf49l0Uj/AB7LokSJE+P/xAAeEQAABQUBAAAAAAAAAAAAAAAAAQMEFBVRU6HRMP/aAAgBAgEBPwGSlcSUriiP8ey6KI/x7Lvj/8QAGxAAAgIDAQAAAAAAAAAAAAAANKMAAgPR0jD/2gAIAQEABj8CNVfUNVfUPTk5h6cnPj//xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAE/IUxxYY//2gAMAwEAAgADAAAAEP8A/wD/AP8A/wD/xAAYEQACAwAAAAAAAAAAAAAAAABhsQAQMP/aAAgBAwEBPxCnnjuHeP8A/8QAGBEBAAMBAAAAAAAAAAAAAAAAAQDR8DD/2gAIAQIBAT8Q3GpuNc3nv//EABQQAQAAAAAAAAAAAAAAAAAAADD/2gAIAQEAAT8QTbZRT//Z";
    private const string AnimatedWebP = "UklGRogAAABXRUJQVlA4WAoAAAACAAAAHwAAFwAAQU5JTQYAAAAAAAAAAABBTk1GKgAAAAAAAAAAAB8AABcAAAAAAAJWUDhMEQAAAC8fwAUAB1DkKlSh/4GI6H8AAEFOTUYqAAAAAAAAAAAAHwAAFwAAAAAAAFZQOEwRAAAALx/ABQAHUIUiV6H/gYjofwAA";

    /// <summary>Gets every file that shows the upright picture, by name.</summary>
    public static IEnumerable<string> Upright =>
    [
        .. ((string[])["jpg", "webp", "png", "tif"]).SelectMany(f => Enumerable.Range(1, 8).Select(o => $"exif{o}.{f}")),
        "bmp.bmp", "gif.gif", "tga.tga", "packed.tga", "ppm.ppm", "tif.tif", "packed.tif", "palette.png", "rgb16.png", "interlaced.png", "cmyk.jpg", "progressive.jpg", "subsampled.jpg", "trailing.jpg", "renamed.txt",
    ];

    /// <summary>Makes a file.</summary>
    public static byte[] Of(string name) => name switch
    {
        "bmp.bmp" => Save(Picture(), new BmpEncoder()),
        "gif.gif" => Save(Picture(), new GifEncoder()),
        "tga.tga" => Save(Picture(), new TgaEncoder { Compression = TgaCompression.None }),
        "packed.tga" => Save(Picture(), new TgaEncoder { Compression = TgaCompression.RunLength }),
        "ppm.ppm" => Save(Picture(), new PbmEncoder { ColorType = PbmColorType.Rgb }),
        "tif.tif" => Save(Picture(), new TiffEncoder()),
        "packed.tif" => Save(Picture(), new TiffEncoder { Compression = SixLabors.ImageSharp.Formats.Tiff.Constants.TiffCompression.Lzw }),
        "palette.png" => Save(Picture(), new PngEncoder { ColorType = PngColorType.Palette, BitDepth = PngBitDepth.Bit4 }),
        "rgb16.png" => Save(Picture(), new PngEncoder { ColorType = PngColorType.Rgb, BitDepth = PngBitDepth.Bit16 }),
        "interlaced.png" => Save(Picture(), new PngEncoder { InterlaceMethod = PngInterlaceMode.Adam7 }),
        "cmyk.jpg" => Convert.FromBase64String(CmykJpeg),
        "progressive.jpg" => Convert.FromBase64String(ProgressiveJpeg),
        "subsampled.jpg" => Save(Picture(), new JpegEncoder { Quality = 95, ColorType = JpegColorType.YCbCrRatio420 }),
        "trailing.jpg" => [.. Of("progressive.jpg"), .. new byte[500], .. Of("progressive.jpg").AsSpan(0, 200)],
        "renamed.txt" => Of("exif1.jpg"),
        "anim.webp" => Convert.FromBase64String(AnimatedWebP),
        _ when name.StartsWith("exif", StringComparison.Ordinal) => Held(name[4] - '0', name[6..]),
        _ => throw new ArgumentException(name),
    };

    /// <summary>Encodes grey and transparent PNG files by hand, 8 x 8 pixels of one level.</summary>
    /// <param name="bitDepth">1, 8 or 16.</param>
    /// <param name="colorType">0 for grey, 4 for grey with alpha.</param>
    /// <param name="pixel">The bytes of one pixel; of 1 bit, of eight.</param>
    /// <param name="transparent">The level that is transparent; null for none.</param>
    public static byte[] Grey(byte bitDepth, byte colorType, byte[] pixel, ushort? transparent = null)
    {
        using var stream = new MemoryStream();
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        Chunk(stream, "IHDR", [0, 0, 0, 8, 0, 0, 0, 8, bitDepth, colorType, 0, 0, 0]);
        if (transparent is { } level)
            Chunk(stream, "tRNS", [(byte)(level >> 8), (byte)level]);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int y = 0; y < 8; y++)
                zlib.Write([0, .. Enumerable.Repeat(pixel, bitDepth == 1 ? 1 : 8).SelectMany(p => p)]);
        }

        Chunk(stream, "IDAT", packed.ToArray());
        Chunk(stream, "IEND", []);
        return stream.ToArray();
    }

    /// <summary>Draws the upright picture.</summary>
    public static Image<Rgba32> Picture()
    {
        var image = new Image<Rgba32>(Width, Height);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
                image[x, y] = y < Height / 4 ? new Rgba32(255, 255, 255) : x < Width / 2 ? new Rgba32(200, 30, 30) : new Rgba32(30, 30, 200);
        }

        return image;
    }

    // The picture as a camera stores it that was held so.
    private static byte[] Held(int orientation, string format)
    {
        using Image<Rgba32> image = Picture();
        image.Mutate(x => _ = orientation switch
        {
            2 => x.Flip(FlipMode.Horizontal),
            3 => x.Rotate(RotateMode.Rotate180),
            4 => x.Flip(FlipMode.Vertical),
            5 => x.Rotate(RotateMode.Rotate90).Flip(FlipMode.Horizontal),
            6 => x.Rotate(RotateMode.Rotate270),
            7 => x.Rotate(RotateMode.Rotate270).Flip(FlipMode.Horizontal),
            8 => x.Rotate(RotateMode.Rotate90),
            _ => x,
        });
        var profile = new ExifProfile();
        profile.SetValue(ExifTag.Orientation, (ushort)orientation);
        image.Metadata.ExifProfile = profile;
        image.Frames.RootFrame.Metadata.ExifProfile = profile;
        return Save(image, format switch
        {
            "jpg" => new JpegEncoder { Quality = 95, ColorType = JpegColorType.YCbCrRatio444 },
            "webp" => new WebpEncoder { FileFormat = WebpFileFormatType.Lossless },
            "png" => new PngEncoder(),
            _ => new TiffEncoder(),
        });
    }

    private static byte[] Save(Image<Rgba32> image, IImageEncoder encoder)
    {
        using var stream = new MemoryStream();
        image.Save(stream, encoder);
        return stream.ToArray();
    }

    private static void Chunk(MemoryStream stream, string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        byte[] number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        stream.Write(number);
    }

    private static uint Crc(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
