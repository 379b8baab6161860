using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using AutLearn.Augment.Images;
using CsCheck;
using SkiaSharp;

namespace AutLearn.Augment.Tests.Images;

[Trait("Category", "Unit")]
public sealed class ImageDecoderTests
{
    public static TheoryData<string> Decoders => [.. DecoderKinds.Names];

    [Theory]
    [InlineData("managed", SKEncodedImageFormat.Png, 0)]
    [InlineData("managed", SKEncodedImageFormat.Jpeg, 6)]
    [InlineData("managed", SKEncodedImageFormat.Webp, 6)]
    [InlineData("skia", SKEncodedImageFormat.Png, 0)]
    [InlineData("skia", SKEncodedImageFormat.Jpeg, 6)]
    [InlineData("skia", SKEncodedImageFormat.Webp, 6)]
    public void Decode_Format_GivesThePixels(string decoder, SKEncodedImageFormat format, int tolerance)
    {
        PixelImage image = ImageDecoder.Decode(Encode(40, 30, format), "image", decoder: DecoderKinds.Of(decoder));
        Assert.Equal((40, 30), (image.Width, image.Height));
        uint pixel = image.Pixels[(10 * 40) + 20];
        Assert.InRange((int)(pixel & 255), 100 - tolerance, 100 + tolerance);
        Assert.InRange((int)(pixel >> 8 & 255), 50 - tolerance, 50 + tolerance);
    }

    [Fact]
    public void Decode_MinSide_DecodesTheSmallestThatServes()
    {
        byte[] jpeg = Encode(800, 600, SKEncodedImageFormat.Jpeg);
        var options = new ImageDecoderOptions { MinSide = 224 };
        PixelImage small = ImageDecoder.Decode(jpeg, "image", options, DecoderKinds.Of("skia"));
        Assert.Equal((300, 225), (small.Width, small.Height));
        Assert.Equal(800, ImageDecoder.Decode(jpeg, "image", decoder: DecoderKinds.Of("skia")).Width);
        Assert.Equal(800, ImageDecoder.Decode(jpeg, "image", options).Width);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decode_Transparent_BlendsWithWhite(string decoder)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(4, 4, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        bitmap.Erase(new SKColor(0, 0, 0, 51));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        Assert.Equal(204u, ImageDecoder.Decode(data.AsSpan(), "image", decoder: DecoderKinds.Of(decoder)).Pixels[0] & 255);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decode_SixteenBitPng_ConvertsToEight(string decoder)
    {
        byte[] rows = new byte[2 * (1 + (2 * 6))];
        for (int pixel = 0; pixel < 2; pixel++)
            rows[1 + (6 * pixel)] = 0x80;
        PixelImage image = ImageDecoder.Decode(Png(2, 2, bitDepth: 16, colorType: 2, rows), "sixteen", decoder: DecoderKinds.Of(decoder));
        Assert.InRange((int)(image.Pixels[0] & 255), 127, 129);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decode_AnimatedGif_GivesTheFirstFrame(string decoder)
    {
        PixelImage image = ImageDecoder.Decode(AnimatedGif(), "animated", decoder: DecoderKinds.Of(decoder));
        Assert.Equal((1, 1), (image.Width, image.Height));
        Assert.Equal(0xFFFFFFFFu, image.Pixels[0]);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decode_HundredMegapixels_IsRefusedBeforeAllocation(string decoder)
    {
        byte[] png = Png(10_001, 10_000, bitDepth: 8, colorType: 2, new byte[100]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => ImageDecoder.Decode(png, "huge.png", decoder: DecoderKinds.Of(decoder)));
        Assert.Contains("'huge.png'", error.Message, StringComparison.Ordinal);
        Assert.Contains("10001x10000", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("managed", "")]
    [InlineData("managed", "not an image")]
    [InlineData("managed", "\u0089PNG\r\n\u001a\n")]
    [InlineData("skia", "")]
    [InlineData("skia", "not an image")]
    [InlineData("skia", "\u0089PNG\r\n\u001a\n")]
    public void Decode_NoImage_NamesIt(string decoder, string text) =>
        Assert.Contains("'bad'", Assert.Throws<InvalidDataException>(() => ImageDecoder.Decode(Encoding.Latin1.GetBytes(text), "bad", decoder: DecoderKinds.Of(decoder))).Message, StringComparison.Ordinal);

    [Fact]
    public void Decode_ZeroSize_NamesIt() =>
        Assert.Contains("'zero'", Assert.Throws<InvalidDataException>(() => ImageDecoder.Decode(Png(0, 5, 8, 2, []), "zero")).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decode_CutShort_IsRefused(string decoder)
    {
        byte[] jpeg = Encode(200, 200, SKEncodedImageFormat.Jpeg);
        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => ImageDecoder.Decode(jpeg.AsSpan(0, jpeg.Length / 2), "cut", decoder: DecoderKinds.Of(decoder))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DecodeFile_TooLarge_NamesItWithoutReading()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[1000]);
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => ImageDecoder.DecodeFile(path, new ImageDecoderOptions { MaxFileSizeInBytes = 999 }));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("managed", SKEncodedImageFormat.Png)]
    [InlineData("managed", SKEncodedImageFormat.Jpeg)]
    [InlineData("managed", SKEncodedImageFormat.Webp)]
    [InlineData("skia", SKEncodedImageFormat.Png)]
    [InlineData("skia", SKEncodedImageFormat.Jpeg)]
    [InlineData("skia", SKEncodedImageFormat.Webp)]
    public void Decode_AnyDamage_OnlyInvalidData(string decoder, SKEncodedImageFormat format)
    {
        byte[] good = Encode(48, 40, format);
        Gen.Select(Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 8], Gen.Int[1, good.Length]).Sample(
            t =>
            {
                byte[] bad = good[..t.Item2];
                foreach ((int at, byte value) in t.Item1)
                    bad[at % bad.Length] = value;
                try
                {
                    PixelImage image = ImageDecoder.Decode(bad, "hostile", new ImageDecoderOptions { MaxPixels = 1_000_000 }, DecoderKinds.Of(decoder));
                    Assert.InRange(image.Width * (long)image.Height, 1, 1_000_000);
                }
                catch (InvalidDataException error)
                {
                    Assert.Contains("'hostile'", error.Message, StringComparison.Ordinal);
                }
            },
            iter: 1500);
    }

    private static byte[] Encode(int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(100, 50, 200));
        using SKData data = bitmap.Encode(format, 100);
        return data.ToArray();
    }

    private static byte[] Png(int width, int height, byte bitDepth, byte colorType, byte[] rows)
    {
        using var stream = new MemoryStream();
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = bitDepth;
        header[9] = colorType;
        Chunk(stream, "IHDR", header);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);
        Chunk(stream, "IDAT", packed.ToArray());
        Chunk(stream, "IEND", []);
        return stream.ToArray();
    }

    private static void Chunk(Stream stream, string type, byte[] data)
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

    // Two frames of one pixel: white, then black.
    private static byte[] AnimatedGif() =>
    [
        .. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 255, 255, 255, 0, 0, 0,
        0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0,
        0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0,
        0x3B,
    ];
}
