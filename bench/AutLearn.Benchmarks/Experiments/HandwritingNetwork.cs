using AutLearn.Graph;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>The small convolutional network of the demo: four convolutions with batch normalization and two dense layers.</summary>
internal static class HandwritingNetwork
{
    public const int Classes = 62;

    private static readonly int[] Channels = [16, 32, 48, 64];

    private const int Hidden = 64;

    /// <summary>Creates the network with random weights (He et al. 2015, arXiv:1502.01852).</summary>
    public static OnnxModel Create(int seed)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("handwriting");
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 1, 28, 28)));
        int channels = 1;
        for (int i = 0; i < Channels.Length; i++)
        {
            string stem = $"conv{i + 1}";
            Value weight = graph.AddInitializer($"{stem}.weight", Normal(random, channels * 9, Channels[i], channels, 3, 3));
            long stride = i == 0 ? 1 : 2;
            x = graph.AddNode("Conv", [x, weight], [$"{stem}.out"], [new("pads", AttributeValue.Of(1L, 1L, 1L, 1L)), new("strides", AttributeValue.Of(stride, stride))], name: stem).Outputs[0]!;
            channels = Channels[i];
            x = BatchNormalization(graph, x, $"bn{i + 1}", channels);
            x = graph.AddNode("Relu", [x], [$"relu{i + 1}.out"], name: $"relu{i + 1}").Outputs[0]!;
        }

        x = graph.AddNode("Flatten", [x], ["flat"], name: "flatten").Outputs[0]!;
        x = Dense(graph, random, x, "hidden", channels * 16, Hidden);
        x = graph.AddNode("Relu", [x], ["hidden.relu"], name: "hidden_relu").Outputs[0]!;
        Value logits = Dense(graph, random, x, "classifier", Hidden, Classes);
        Value probabilities = graph.AddNode("Softmax", [logits], ["probabilities"], [new("axis", AttributeValue.Of(1L))], name: "softmax").Outputs[0]!;
        graph.Rename(logits, "logits");
        graph.AddOutput(logits);
        graph.AddOutput(probabilities);
        return new OnnxModel(graph, 17) { IrVersion = 8 };
    }

    private static Value BatchNormalization(OnnxGraph graph, Value x, string stem, int channels)
    {
        Value Vector(string name, float value)
        {
            float[] values = new float[channels];
            Array.Fill(values, value);
            return graph.AddInitializer($"{stem}.{name}", Tensor.Of<float>([channels], values));
        }

        return graph.AddNode(
            "BatchNormalization",
            [x, Vector("scale", 1), Vector("bias", 0), Vector("mean", 0), Vector("var", 1)],
            [$"{stem}.out"],
            [new("epsilon", AttributeValue.Of(1e-5f)), new("momentum", AttributeValue.Of(0.95f))],
            name: stem).Outputs[0]!;
    }

    private static Value Dense(OnnxGraph graph, Random random, Value x, string stem, int inputs, int outputs)
    {
        Value weight = graph.AddInitializer($"{stem}.weight", Normal(random, inputs, outputs, inputs));
        Value bias = graph.AddInitializer($"{stem}.bias", Tensor.Of<float>([outputs], new float[outputs]));
        return graph.AddNode("Gemm", [x, weight, bias], [$"{stem}.out"], [new("transB", AttributeValue.Of(1L))], name: stem).Outputs[0]!;
    }

    private static Tensor Normal(Random random, int fanIn, params long[] dimensions)
    {
        float[] values = new float[dimensions.Aggregate(1L, static (a, b) => a * b)];
        double scale = Math.Sqrt(2.0 / fanIn);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return Tensor.Of<float>(dimensions, values);
    }
}
