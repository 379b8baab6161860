using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using SkiaSharp;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Ten thousand photos in class folders, one in a hundred of them broken, odd or on its side, through <c>autlearn evaluate</c>.</summary>
/// <remarks>The network knows the photos' colours: each photo that is read right is classed right, so one wrong answer is one photo read wrong.</remarks>
internal static class PhotoFolder
{
    private const int Width = 256;
    private const int Height = 192;
    private const int Classes = 10;
    private const int PerClass = 1000;
    private const int OddInClass = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        using var folder = new BenchmarkFolder();
        string photos = Path.Combine(folder.Path, "photos"), model = Path.Combine(folder.Path, "colours.onnx"), names = Path.Combine(folder.Path, "names.txt");
        Counts made = Fill(photos);
        OnnxFile.Write(Network(), model);
        File.WriteAllLines(names, [.. Enumerable.Range(0, Classes).Select(NameOf), "grey"]);

        var text = new StringWriter();
        var error = new StringWriter();
        string[] command = ["evaluate", model, photos, "--classes", names, "--preprocessing", "unit", "--skip-bad", "--json"];
        using var process = Process.GetCurrentProcess();
        long memoryBefore = process.WorkingSet64;
        var watch = Stopwatch.StartNew();
        int exit = await Cloud.Program.RunAsync(command, new ToolConsole(text, error, isInteractive: false), CancellationToken.None).ConfigureAwait(false);
        double seconds = watch.Elapsed.TotalSeconds;
        process.Refresh();
        if (exit != 0)
            throw new AutLearnException($"evaluate failed: {error}");
        using JsonDocument report = JsonDocument.Parse(text.ToString());
        JsonElement root = report.RootElement, left = root.GetProperty("left_out");
        Require("images", made.Readable, root.GetProperty("images").GetInt32());
        Require("right ones", made.Readable, root.GetProperty("correct").GetInt32());
        Require("bad images", made.Bad, left.GetProperty("skipped").GetArrayLength());
        Require("hidden files", made.HiddenFiles, left.GetProperty("hidden_files").GetInt32());
        Require("other files", made.OtherFiles, left.GetProperty("other_files").EnumerateObject().Sum(o => o.Value.GetInt32()));

        string? strict = await StrictAsync(model, photos, names).ConfigureAwait(false);
        File.WriteAllText(Path.Combine(output, "photo-folder.md"), string.Create(CultureInfo.InvariantCulture, $"""
            # Ten thousand photos, one in a hundred odd

            {MachineHeader.Text}

            {Classes * PerClass:N0} files of {Width}x{Height} pixels in {Classes} class folders, {made.Odd} of them odd: {made.Turned} JPEGs on their side or mirrored (EXIF orientation), {made.OtherKinds} in
            other formats or under a wrong ending, {made.Bad} that cannot be decoded (cut short, empty, no image, HEIC). Beside them {made.HiddenFiles} hidden files of macOS and Windows, {made.OtherFiles}
            text files and a folder `.ipynb_checkpoints`. The network classes by colour in the left and right half, so a photo that is read wrong, or lies on its side, is classed
            wrong. Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- photo-folder`, which fails where a count differs.

            | what | made | reported by `evaluate --skip-bad` |
            | --- | ---: | ---: |
            | photos that can be read | {made.Readable} | {root.GetProperty("images").GetInt32()} |
            | classed right | {made.Readable} | {root.GetProperty("correct").GetInt32()} |
            | left out as broken, each named | {made.Bad} | {left.GetProperty("skipped").GetArrayLength()} |
            | hidden files | {made.HiddenFiles} | {left.GetProperty("hidden_files").GetInt32()} |
            | files that are no photos | {made.OtherFiles} | {left.GetProperty("other_files").EnumerateObject().Sum(o => o.Value.GetInt32())} |

            Time {seconds:0.0} s, {1000 * seconds / (Classes * PerClass):0.00} ms a photo; the process held {process.PeakWorkingSet64 / 1e6:0} MB at its peak, {memoryBefore / 1e6:0} MB before. Without `--skip-bad` the command ends with exit code 1 and
            names the first broken file: `{strict}`.

            """));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s, {process.PeakWorkingSet64 / 1e6:0} MB; {strict}"));
        return 0;
    }

    private static async Task<string?> StrictAsync(string model, string photos, string names)
    {
        var error = new StringWriter();
        int exit = await Cloud.Program.RunAsync(["evaluate", model, photos, "--classes", names, "--preprocessing", "unit"], new ToolConsole(new StringWriter(), error, isInteractive: false), CancellationToken.None).ConfigureAwait(false);
        Require("exit code", 1, exit);
        return error.ToString().Trim().Replace(Path.GetDirectoryName(photos)!, "...", StringComparison.Ordinal);
    }

    private static void Require(string what, int made, int reported)
    {
        if (made != reported)
            throw new AutLearnException(FormattableString.Invariant($"{reported} {what} are reported, but {made} were made."));
    }

    private static string NameOf(int kind) => FormattableString.Invariant($"class {kind:00}");

    private static Counts Fill(string folder)
    {
        var made = new Counts();
        var random = new Random(1);
        for (int kind = 0; kind < Classes; kind++)
        {
            string place = Directory.CreateDirectory(Path.Combine(folder, NameOf(kind))).FullName;
            for (int i = 0; i < PerClass; i++)
            {
                string path = Path.Combine(place, FormattableString.Invariant($"IMG_{i:0000}"));
                using SKBitmap bitmap = Draw(kind, random);
                if (i < OddInClass)
                    WriteOdd(i, path, bitmap, random, made);
                else
                    File.WriteAllBytes(path + ".jpg", Encode(bitmap, SKEncodedImageFormat.Jpeg));
            }

            File.WriteAllBytes(Path.Combine(place, "._IMG_0001.jpg"), [0, 5, 0x16, 7]);
            File.WriteAllText(Path.Combine(place, "Thumbs.db"), "");
            File.WriteAllText(Path.Combine(place, "notes.txt"), "");
            made.HiddenFiles += 2;
            made.OtherFiles++;
        }

        Directory.CreateDirectory(Path.Combine(folder, ".ipynb_checkpoints"));
        File.WriteAllText(Path.Combine(folder, ".ipynb_checkpoints", "IMG_0001.jpg"), "");
        made.Readable = (Classes * PerClass) - made.Bad;
        return made;
    }

    private static void WriteOdd(int number, string path, SKBitmap upright, Random random, Counts made)
    {
        byte[] jpeg = Encode(upright, SKEncodedImageFormat.Jpeg);
        switch (number)
        {
            case < 4:
                int orientation = random.Next(2, 9);
                using (SKBitmap held = Held(upright, orientation))
                    File.WriteAllBytes(path + ".jpg", WithOrientation(Encode(held, SKEncodedImageFormat.Jpeg), orientation));
                made.Turned++;
                break;
            case 4:
                File.WriteAllBytes(path + ".png", jpeg);
                made.OtherKinds++;
                break;
            case 5:
                File.WriteAllBytes(path + ".JPEG", Encode(upright, SKEncodedImageFormat.Png));
                made.OtherKinds++;
                break;
            case 6:
                File.WriteAllBytes(path + ".webp", Encode(upright, SKEncodedImageFormat.Webp));
                made.OtherKinds++;
                break;
            case 7:
                File.WriteAllBytes(path + ".jpg", jpeg[..(jpeg.Length / 2)]);
                made.Bad++;
                break;
            case 8:
                File.WriteAllBytes(path + ".jpg", []);
                made.Bad++;
                break;
            default:
                File.WriteAllText(path + (random.Next(2) == 0 ? ".heic" : ".jpg"), "no image");
                made.Bad++;
                break;
        }
    }

    // The left half has the class's colour, the right half its complement, so that a photo on its side or mirrored shows another.
    private static SKBitmap Draw(int kind, Random random)
    {
        var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<byte> pixels = bitmap.GetPixelSpan();
        (float red, float green, float blue) = ColorOf(kind);
        for (int i = 0; i < Width * Height; i++)
        {
            bool isLeft = i % Width < Width / 2;
            int light = random.Next(-12, 13);
            pixels[4 * i] = (byte)Math.Clamp((255 * (isLeft ? red : 1 - red)) + light, 0, 255);
            pixels[(4 * i) + 1] = (byte)Math.Clamp((255 * (isLeft ? green : 1 - green)) + light, 0, 255);
            pixels[(4 * i) + 2] = (byte)Math.Clamp((255 * (isLeft ? blue : 1 - blue)) + light, 0, 255);
            pixels[(4 * i) + 3] = 255;
        }

        return bitmap;
    }

    // Base 3, a digit a channel; the last is grey, which a photo that lies on its side looks like.
    private static (float Red, float Green, float Blue) ColorOf(int kind)
    {
        float[] levels = [0.15f, 0.5f, 0.85f];
        int[] codes = [0, 2, 6, 9, 11, 15, 18, 21, 4, 7, 13];
        return (levels[codes[kind] / 9], levels[codes[kind] / 3 % 3], levels[codes[kind] % 3]);
    }

    // The means of 32x32 pixels' left and right half, and the class whose colours lie nearest: -|x - c|^2 = 2 c x - |c|^2 - |x|^2.
    private static OnnxModel Network()
    {
        const int side = 32;
        float[] weights = new float[6 * (Classes + 1)], bias = new float[Classes + 1];
        for (int kind = 0; kind <= Classes; kind++)
        {
            (float red, float green, float blue) = ColorOf(kind);
            float[] color = [red, 1 - red, green, 1 - green, blue, 1 - blue];
            for (int i = 0; i < color.Length; i++)
            {
                weights[(i * (Classes + 1)) + kind] = 40 * color[i];
                bias[kind] -= 20 * color[i] * color[i];
            }
        }

        var graph = new OnnxGraph("colours");
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 3, side, side)));
        x = graph.AddNode("AveragePool", [x], ["halves"], [new("kernel_shape", AttributeValue.Of((long)side, side / 2)), new("strides", AttributeValue.Of((long)side, side / 2))]).Outputs[0]!;
        x = graph.AddNode("Flatten", [x], ["features"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [x, graph.AddInitializer("weight", Tensor.Of<float>([6, Classes + 1], weights)), graph.AddInitializer("bias", Tensor.Of<float>([Classes + 1], bias))], ["logits"]).Outputs[0]!);
        return new OnnxModel(graph, 18) { IrVersion = 8 };
    }

    private static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using SKData data = bitmap.Encode(format, 85);
        return data.ToArray();
    }

    private static SKBitmap Held(SKBitmap upright, int orientation)
    {
        (int width, int height) = orientation >= 5 ? (Height, Width) : (Width, Height);
        var held = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                (int sx, int sy) = orientation switch
                {
                    2 => (Width - 1 - x, y),
                    3 => (Width - 1 - x, Height - 1 - y),
                    4 => (x, Height - 1 - y),
                    5 => (y, x),
                    6 => (y, Width - 1 - x),
                    7 => (Height - 1 - y, Width - 1 - x),
                    _ => (Height - 1 - y, x),
                };
                held.SetPixel(sx, sy, upright.GetPixel(x, y));
            }
        }

        return held;
    }

    // An APP1 segment with a one-entry TIFF directory: tag 0x0112, SHORT.
    private static byte[] WithOrientation(byte[] jpeg, int orientation)
    {
        byte[] exif =
        [
            0xFF, 0xE1, 0, 34, (byte)'E', (byte)'x', (byte)'i', (byte)'f', 0, 0,
            (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg.AsSpan(0, 2), .. exif, .. jpeg.AsSpan(2)];
    }

    private sealed class Counts
    {
        public int Readable { get; set; }

        public int Turned { get; set; }

        public int OtherKinds { get; set; }

        public int Bad { get; set; }

        public int HiddenFiles { get; set; }

        public int OtherFiles { get; set; }

        public int Odd => Turned + OtherKinds + Bad;
    }
}
