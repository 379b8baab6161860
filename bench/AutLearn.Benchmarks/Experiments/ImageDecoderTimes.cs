using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using AutLearn.Augment.Images;
using AutLearn.Augment.Skia;
using AutLearn.Cloud.Data;
using AutLearn.Graph.Artifacts;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>How long the decoders take, in turns, and how far their tensors differ.</summary>
internal static class ImageDecoderTimes
{
    private const int Rounds = 21;
    private const int Side = 224;

    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        string gallery = Path.Combine(DataFolder.Require("image-decoders"), "gallery");
        byte[][] photos = [.. Directory.EnumerateFiles(Path.Combine(gallery, "photos"), "*.jpg").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        using Image<Rgba32> large = Mosaic(photos, 4000, 3000);
        using Image<Rgba32> small = Mosaic(photos, 512, 384);
        (string Name, byte[][] Files, int MinSide)[] cases =
        [
            ("JPEG of 12 megapixels, wanted at 256", [Save(large, new JpegEncoder { Quality = 90 })], 256),
            ("JPEG of 12 megapixels, whole", [Save(large, new JpegEncoder { Quality = 90 })], 0),
            ("21 photos of half a megapixel, wanted at 256", photos, 256),
            ("100 JPEGs of CIFAR-10, 32x32", Cifar(Path.Combine(gallery, "cifar10_subset.zip"), 100), 0),
            ("PNG, 512x384", [Save(small, new PngEncoder())], 0),
            ("WebP, 512x384", [Save(small, new WebpEncoder { Quality = 90 })], 0),
        ];
        var rows = new StringBuilder();
        foreach ((string name, byte[][] files, int minSide) in cases)
        {
            (double managed, double skia) = Time(files, minSide);
            string row = string.Create(CultureInfo.InvariantCulture, $"| {name} | {Turns.Text(managed / files.Length)} | {Turns.Text(skia / files.Length)} | {managed / skia:0.0} |");
            Console.WriteLine(row);
            rows.AppendLine(row);
        }

        (double mean, double largest) = Difference(photos);
        File.WriteAllText(Path.Combine(output, "image-decoders.md"), string.Create(CultureInfo.InvariantCulture, $"""
            # Two decoders of images

            {MachineHeader.Text}; ImageSharp {Version(typeof(Image))}; SkiaSharp {Version(typeof(SkiaSharp.SKBitmap))}

            `ManagedImageDecoder` (the default of AutLearn.Augment, in managed code) and `SkiaImageDecoder` (AutLearn.Augment.Skia, native) take turns, one thread; medians of
            {Rounds} rounds, for one image; the photos of 12 megapixels are mosaics of real ones, quality 90. Made by
            `dotnet run -c Release --project bench/AutLearn.Benchmarks -- image-decoders`.

            | image | managed | Skia | managed / Skia |
            | --- | ---: | ---: | ---: |
            {rows}
            As tensors of {Side}x{Side} (preset torchvision, each decoder at the size it chooses) the 21 photos differ by {mean:0.00} grey levels in the mean and {largest:0.0} at most.
            So an app needs no native part and no further package; where photos come from cameras, and in the tool and the gallery, Skia decodes.

            """));
        return 0;
    }

    private static (double Managed, double Skia) Time(byte[][] files, int minSide)
    {
        var options = new ImageDecoderOptions { MinSide = minSide };
        var managed = new List<double>();
        var skia = new List<double>();
        for (int round = -2; round < Rounds; round++)
        {
            double first = Microseconds(files, options, ManagedImageDecoder.Instance), second = Microseconds(files, options, SkiaImageDecoder.Instance);
            if (round < 0)
                continue;
            managed.Add(first);
            skia.Add(second);
        }

        return (Turns.Median(managed), Turns.Median(skia));
    }

    private static double Microseconds(byte[][] files, ImageDecoderOptions options, IImageDecoder decoder)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (byte[] file in files)
            decoder.Decode(file, "benchmark", options);
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    private static (double Mean, double Largest) Difference(byte[][] photos)
    {
        var tensorizer = new ImageTensorizer(ImagePreprocessingPreset.Of("torchvision").Create(Side, Side) with { Mean = 0, Std = 1 });
        var options = new ImageDecoderOptions { MinSide = tensorizer.SufficientSide };
        float[] managed = new float[tensorizer.ValuesPerImage], skia = new float[tensorizer.ValuesPerImage];
        double sum = 0, largest = 0;
        foreach (byte[] photo in photos)
        {
            tensorizer.Fill(ManagedImageDecoder.Instance.Decode(photo, "photo", options), managed);
            tensorizer.Fill(SkiaImageDecoder.Instance.Decode(photo, "photo", options), skia);
            for (int i = 0; i < managed.Length; i++)
            {
                double difference = Math.Abs(managed[i] - skia[i]);
                sum += difference;
                largest = Math.Max(largest, difference);
            }
        }

        return (sum / photos.Length / tensorizer.ValuesPerImage, largest);
    }

    private static Image<Rgba32> Mosaic(byte[][] photos, int width, int height)
    {
        var mosaic = new Image<Rgba32>(width, height);
        PixelImage[] tiles = [.. photos.Select(p => SkiaImageDecoder.Instance.Decode(p, "tile", new ImageDecoderOptions()))];
        const int tile = 256;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                PixelImage source = tiles[(((y / tile) * 17) + (x / tile)) % tiles.Length];
                mosaic[x, y] = new Rgba32(source.Pixels[((y % tile % source.Height) * source.Width) + (x % tile % source.Width)]);
            }
        }

        return mosaic;
    }

    // Without the commit behind it.
    private static string Version(Type type) => type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";

    private static byte[] Save(Image<Rgba32> image, SixLabors.ImageSharp.Formats.IImageEncoder encoder)
    {
        using var stream = new MemoryStream();
        image.Save(stream, encoder);
        return stream.ToArray();
    }

    private static byte[][] Cifar(string path, int count)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        return
        [
            .. zip.Entries.Where(e => e.Name.EndsWith(".jpg", StringComparison.Ordinal)).Take(count).Select(e =>
            {
                using Stream content = e.Open();
                using var copy = new MemoryStream();
                content.CopyTo(copy);
                return copy.ToArray();
            }),
        ];
    }
}
