using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using AutLearn.Augment.Images;
using AutLearn.Augment.Tests.Images;
using AutLearn.Augment.Text;
using AutLearn.Testing.Hostile;
using SkiaSharp;

namespace AutLearn.Augment.Tests.Hostile;

/// <summary>Every format that augmentation reads. The content of a synonym table is damaged behind its compression, too.</summary>
internal static class AugmentFuzz
{
    private const int TableHeader = 11;
    private const int Side = 24;

    public static IEnumerable<FuzzTarget> Targets()
    {
        // Up to 40 bytes a pixel: JPEG's coefficients, decoded, copied, upright, and the runtime's own. ImageSharp makes
        // room for as many code tables as a lossless WebP file may name, 65,536, which take 125 MB.
        var options = new ImageDecoderOptions { MaxPixels = 1_000_000 };
        (string Name, byte[] Bytes)[] images =
        [
            ("PNG", Encoded(SKEncodedImageFormat.Png)), ("JPEG", Encoded(SKEncodedImageFormat.Jpeg)), ("WebP", Encoded(SKEncodedImageFormat.Webp)), ("BMP", Bitmap()), ("GIF", Gif()),
            ("progressive JPEG", OddImages.Of("progressive.jpg")), ("JPEG of CMYK", OddImages.Of("cmyk.jpg")), ("animated WebP", OddImages.Of("anim.webp")), ("PNG with EXIF", OddImages.Of("exif6.png")), ("JPEG with EXIF", OddImages.Of("exif6.jpg")),
            ("TIFF", OddImages.Of("tif.tif")), ("packed TIFF", OddImages.Of("packed.tif")), ("TGA", OddImages.Of("tga.tga")), ("packed TGA", OddImages.Of("packed.tga")), ("PPM", OddImages.Of("ppm.ppm")),
        ];
        foreach ((string name, byte[] bytes) in images)
        {
            foreach (string decoder in DecoderKinds.Names)
            {
                IImageDecoder decodes = DecoderKinds.Of(decoder);
                yield return new($"{decoder} ImageDecoder, {name}", [bytes], b => decodes.Decode(b, "fuzzed", options), IsRefusal) { FreeBytes = decoder == "managed" && name.Contains("WebP", StringComparison.Ordinal) ? 160_000_000 : 40_000_000 };
            }
        }
        yield return Json("ImagePipeline.FromJson", [ImagePresets.Handwriting(3).ToJson(), ImagePresets.Photos(1).ToJson()], ImagePipeline.FromJson);
        yield return Json("ImagePlan.FromJson", [new ImagePlan(AffineTransform.Identity, default, 1, 5, [new(0, 0, 2, 2)]).ToJson()], ImagePlan.FromJson);
        byte[] text = Encoding.UTF8.GetBytes("# words\nlarge\tbig\thuge\nquick\tfast\ncar\tautomobile\tauto\n");
        yield return new("SynonymTableFile.Parse", [text], b => SynonymTableFile.Parse(new StringReader(Encoding.UTF8.GetString(b)), "fuzzed"), IsRefusal);
        using var packed = new MemoryStream();
        SynonymTableFile.Save(SynonymTableFile.Parse(new StringReader(Encoding.UTF8.GetString(text)), "sound"), packed);
        byte[] table = packed.ToArray();
        yield return new("SynonymTableFile.Load", [table], b => SynonymTableFile.Load(new MemoryStream(b), "fuzzed"), IsRefusal);
        using var plain = new MemoryStream();
        using (var brotli = new BrotliStream(new MemoryStream(table, TableHeader, table.Length - TableHeader), CompressionMode.Decompress))
            brotli.CopyTo(plain);
        yield return new("SynonymTableFile.Load, content", [plain.ToArray()], b => SynonymTableFile.Load(Packed(table, b), "fuzzed"), IsRefusal);
    }

    private static FuzzTarget Json(string name, string[] sound, Func<string, object> parse) =>
        new(name, [.. sound.Select(Encoding.UTF8.GetBytes)], b => parse(Encoding.UTF8.GetString(b)), IsRefusal);

    private static bool IsRefusal(Exception error) => error is InvalidDataException;

    private static byte[] Encoded(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(Side, Side);
        for (int i = 0; i < Side * Side; i++)
            bitmap.SetPixel(i % Side, i / Side, new SKColor((byte)i, (byte)(i * 7), (byte)(i * 31)));
        using SKData data = bitmap.Encode(format, 80);
        return data.ToArray();
    }

    // 24 bits a pixel, uncompressed.
    private static byte[] Bitmap()
    {
        const int header = 54;
        byte[] bytes = new byte[header + (3 * Side * Side)];
        "BM"u8.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(2), bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(10), header);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(18), Side);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(22), Side);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(28), 24);
        return bytes;
    }

    // One pixel of two colours.
    private static byte[] Gif() =>
        [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B];

    private static MemoryStream Packed(byte[] table, byte[] content)
    {
        var stream = new MemoryStream();
        stream.Write(table.AsSpan(0, TableHeader - sizeof(uint)));
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)content.Length);
        stream.Write(length);
        using (var brotli = new BrotliStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            brotli.Write(content);
        stream.Position = 0;
        return stream;
    }
}
