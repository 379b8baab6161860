using AutLearn.Graph;

namespace AutLearn.Compiler.Tests;

/// <summary>Small models for tests, with seeded weights.</summary>
internal static class Networks
{
    public const long Opset = 18;

    public static Tensor Random(Random random, double scale, params long[] sizes)
    {
        float[] values = new float[sizes.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(scale * ((2 * random.NextDouble()) - 1));
        return Tensor.Of<float>(sizes, values);
    }

    public static Tensor Labels(Random random, int classes, params long[] sizes)
    {
        long[] values = new long[sizes.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.Next(classes);
        return Tensor.Of<long>(sizes, values);
    }

    /// <summary>x [N, input] -> Gemm -> Relu -> Gemm -> logits -> Softmax.</summary>
    public static OnnxModel Mlp(int input, int hidden, int classes, int seed = 1)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("mlp");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", input)));
        Value h = Dense(graph, x, "fc1", random, input, hidden, null);
        h = graph.AddNode("Relu", [h], ["hidden"]).Outputs[0]!;
        Value logits = Dense(graph, h, "fc2", random, hidden, classes, "logits");
        graph.AddOutput(logits);
        graph.AddOutput(graph.AddNode("Softmax", [logits], ["probabilities"]).Outputs[0]!);
        return new OnnxModel(graph, Opset);
    }

    /// <summary>features [N, width] -> Gemm -> logits.</summary>
    public static OnnxModel Head(int width, int classes, int seed = 1)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("head");
        Value x = graph.AddInput("features", new TensorType(ElementType.Float32, new Shape("N", width)));
        graph.AddOutput(Dense(graph, x, "fc", random, width, classes, "logits"));
        return new OnnxModel(graph, Opset);
    }

    /// <summary>image [N, 1, 8, 8] -> Conv -> BatchNormalization -> Relu -> MaxPool -> Conv -> BatchNormalization -> Relu -> GlobalAveragePool -> Gemm -> logits.</summary>
    public static OnnxModel Cnn(int classes, int seed = 1)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("cnn");
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 1, 8, 8)));
        Value y = ConvBlock(graph, x, "conv1", random, 1, 4);
        y = graph.AddNode("MaxPool", [y], ["pooled"], [new("kernel_shape", AttributeValue.Of(2L, 2L)), new("strides", AttributeValue.Of(2L, 2L))]).Outputs[0]!;
        y = ConvBlock(graph, y, "conv2", random, 4, 6);
        y = graph.AddNode("GlobalAveragePool", [y], ["averaged"]).Outputs[0]!;
        y = graph.AddNode("Flatten", [y], ["features"]).Outputs[0]!;
        graph.AddOutput(Dense(graph, y, "fc", random, 6, classes, "logits"));
        return new OnnxModel(graph, Opset);
    }

    public static Value Dense(OnnxGraph graph, Value x, string name, Random random, int input, int output, string? result)
    {
        Value w = graph.AddInitializer($"{name}.weight", Random(random, 1 / Math.Sqrt(input), output, input));
        Value b = graph.AddInitializer($"{name}.bias", Random(random, 0.1, output));
        return graph.AddNode("Gemm", [x, w, b], [result ?? $"{name}.out"], [new("transB", AttributeValue.Of(1L))], name: name).Outputs[0]!;
    }

    public static Value ConvBlock(OnnxGraph graph, Value x, string name, Random random, int input, int output)
    {
        Value w = graph.AddInitializer($"{name}.weight", Random(random, 1 / Math.Sqrt(9 * input), output, input, 3, 3));
        Value y = graph.AddNode("Conv", [x, w], [$"{name}.out"], [new("pads", AttributeValue.Of(1L, 1L, 1L, 1L))], name: name).Outputs[0]!;
        y = BatchNormalization(graph, y, $"{name}.bn", random, output);
        return graph.AddNode("Relu", [y], [$"{name}.relu"]).Outputs[0]!;
    }

    public static Value BatchNormalization(OnnxGraph graph, Value x, string name, Random random, int channels)
    {
        Value scale = graph.AddInitializer($"{name}.scale", Shifted(Random(random, 0.3, channels), 1));
        Value bias = graph.AddInitializer($"{name}.bias", Random(random, 0.2, channels));
        Value mean = graph.AddInitializer($"{name}.mean", Random(random, 0.2, channels));
        Value variance = graph.AddInitializer($"{name}.var", Shifted(Random(random, 0.3, channels), 1));
        return graph.AddNode("BatchNormalization", [x, scale, bias, mean, variance], [$"{name}.out"], name: name).Outputs[0]!;
    }

    public static Tensor Shifted(Tensor tensor, float by) =>
        Tensor.Of<float>(tensor.Dimensions.AsSpan(), Array.ConvertAll(tensor.Span<float>().ToArray(), v => v + by));
}
