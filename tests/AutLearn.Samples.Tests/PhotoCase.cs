using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Samples.Gallery;
using SkiaSharp;

namespace AutLearn.Samples.Tests;

/// <summary>Photos of three plain colours, one broken file, and an untrained network whose last layer learns.</summary>
internal sealed class PhotoCase : IDisposable
{
    public const int Readable = 30;
    public const string Broken = "z-broken.jpg";

    private const int Side = 8;

    private readonly TemporaryFolder _folder = new();

    public PhotoCase()
    {
        var random = new Random(4);
        for (int i = 0; i < Readable; i++)
        {
            using var bitmap = new SKBitmap(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
            for (int p = 0; p < Side * Side; p++)
                bitmap.SetPixel(p % Side, p / Side, Colour(ClassOf(i), random));
            using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(_folder.File("photos", $"{i:00}.png"), data.ToArray());
        }

        File.WriteAllText(_folder.File("photos", Broken), "This is no photo.");
        ModelCompiler.Compile(Network(), new CompileOptions
        {
            ModelName = "colours",
            Trainable = TrainableSelection.LastLayers(1),
            Optimizer = new AdamOptimizer(),
            Preprocessing = new ImagePreprocessing(Side, Side, 3, Mean: 127.5f, Std: 127.5f, CropFraction: 1),
            Classes = ["blue", "green", "red"],
            Defaults = new TrainingDefaults(0.05, 16, 1),
        }).SavePackage(Package);
    }

    public string Package => _folder.File("colours.autlearn");

    public string Profile => Path.Combine(_folder.Path, "profile");

    public string Photos => Path.Combine(_folder.Path, "photos");

    /// <summary>Gets a folder beside the photos, whose files no page may show.</summary>
    public string Elsewhere => Directory.CreateDirectory(Path.Combine(_folder.Path, "elsewhere")).FullName;

    public static int ClassOf(int photo) => photo % 3;

    public Task<RunningApp> StartAsync()
    {
        var gallery = new PhotoGallery(new GalleryOptions { Package = Package, Photos = Photos, Profile = Profile });
        return RunningApp.StartAsync(GalleryApp.Create(gallery, port: 0), gallery);
    }

    public void Dispose() => _folder.Dispose();

    private static SKColor Colour(int label, Random random)
    {
        byte[] channels = [(byte)random.Next(60), (byte)random.Next(60), (byte)random.Next(60)];
        channels[2 - label] += 180;
        return new SKColor(channels[0], channels[1], channels[2]);
    }

    private static OnnxModel Network()
    {
        var random = new Random(5);
        var graph = new OnnxGraph("colours");
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 3, Side, Side)));
        x = graph.AddNode("Conv", [x, Weights("conv.weight", 6, 3, 3, 3)], ["conv.out"], name: "conv").Outputs[0]!;
        x = graph.AddNode("Relu", [x], ["relu.out"], name: "relu").Outputs[0]!;
        x = graph.AddNode("GlobalAveragePool", [x], ["pool.out"], name: "pool").Outputs[0]!;
        x = graph.AddNode("Flatten", [x], ["features"], name: "flatten").Outputs[0]!;
        x = graph.AddNode("Gemm", [x, Weights("scores.weight", 3, 6), graph.AddInitializer("scores.bias", Tensor.Of<float>([3], new float[3]))], ["scores"], [new("transB", AttributeValue.Of(1L))], name: "classifier").Outputs[0]!;
        graph.AddOutput(x);
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        Value Weights(string name, params long[] dimensions)
        {
            float[] values = new float[dimensions.Aggregate(1L, static (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(random.NextDouble() - 0.5);
            return graph.AddInitializer(name, Tensor.Of<float>(dimensions, values));
        }
    }
}
