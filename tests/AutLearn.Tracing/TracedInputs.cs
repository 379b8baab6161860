using System.Buffers.Binary;
using System.Collections.Immutable;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Tracing;

/// <summary>Small models and pictures for traced programs.</summary>
internal static class TracedInputs
{
    public const int Pictures = 48;
    public const int Classes = 3;

    private const int Side = 8;

    private static readonly ImmutableArray<string> ClassNames = ["blue", "green", "red"];

    /// <summary>Writes pictures of three colours, each in the folder of its class.</summary>
    public static string WritePictures(TracedWorld world)
    {
        string root = Path.Combine(world.Inputs, "pictures");
        var random = new Random(4);
        for (int i = 0; i < Pictures; i++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(root, ClassNames[i % Classes])).FullName;
            File.WriteAllBytes(Path.Combine(folder, $"{i:00}.bmp"), Bitmap(i % Classes, random));
        }

        return root;
    }

    /// <summary>Writes a classifier of such pictures as a plain ONNX file.</summary>
    public static string WriteClassifier(TracedWorld world)
    {
        string path = Path.Combine(world.Inputs, "classifier.onnx");
        OnnxFile.Write(Classifier(), path);
        return path;
    }

    /// <summary>Compiles the classifier.</summary>
    public static string WritePicturePackage(TracedWorld world)
    {
        string path = Path.Combine(world.Inputs, "classifier.autlearn");
        ModelCompiler.Compile(Classifier(), new CompileOptions
        {
            ModelName = "colours",
            Trainable = TrainableSelection.LastLayers(1),
            Optimizer = new AdamOptimizer(),
            Preprocessing = new ImagePreprocessing(Side, Side, 3, Mean: 127.5f, Std: 127.5f, CropFraction: 1),
            Classes = ClassNames,
        }).SavePackage(path);
        return path;
    }

    /// <summary>Compiles the model of the day's app: rows of 16 numbers, four classes.</summary>
    public static string WriteDayPackage(TracedWorld world)
    {
        string path = Path.Combine(world.Inputs, "day.autlearn");
        var random = new Random(5);
        var graph = new OnnxGraph("day");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 16)));
        x = graph.AddNode("Gemm", [x, Weights(graph, random, "backbone.weight", 16, 24)], ["backbone"]).Outputs[0]!;
        x = graph.AddNode("Relu", [x], ["features"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [x, Weights(graph, random, "head.weight", 24, 4), graph.AddInitializer("head.bias", Tensor.Of<float>([4], new float[4]))], ["scores"]).Outputs[0]!);
        ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions
        {
            ModelName = "day",
            Trainable = TrainableSelection.LastLayers(1),
            Optimizer = new AdamOptimizer(),
        }).SavePackage(path);
        return path;
    }

    private static OnnxModel Classifier()
    {
        var random = new Random(6);
        var graph = new OnnxGraph("colours");
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 3, Side, Side)));
        x = graph.AddNode("Conv", [x, Weights(graph, random, "conv.weight", 6, 3, 3, 3)], ["conv.out"], name: "conv").Outputs[0]!;
        x = graph.AddNode("Relu", [x], ["relu.out"]).Outputs[0]!;
        x = graph.AddNode("GlobalAveragePool", [x], ["pool.out"]).Outputs[0]!;
        x = graph.AddNode("Flatten", [x], ["features"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [x, Weights(graph, random, "scores.weight", 6, Classes), graph.AddInitializer("scores.bias", Tensor.Of<float>([Classes], new float[Classes]))], ["scores"], name: "classifier").Outputs[0]!);
        return new OnnxModel(graph, 18) { IrVersion = 8 };
    }

    private static Value Weights(OnnxGraph graph, Random random, string name, params long[] dimensions)
    {
        float[] values = new float[dimensions.Aggregate(1L, static (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() - 0.5f;
        return graph.AddInitializer(name, Tensor.Of<float>(dimensions, values));
    }

    // 24 bits a pixel, rows of 24 bytes, so that none needs padding.
    private static byte[] Bitmap(int label, Random random)
    {
        const int Header = 54;
        byte[] file = new byte[Header + (Side * Side * 3)];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), Header);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), Side);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), Side);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), 24);
        for (int i = Header; i < file.Length; i++)
            file[i] = (byte)(random.Next(60) + ((i - Header) % 3 == label ? 180 : 0));
        return file;
    }
}
