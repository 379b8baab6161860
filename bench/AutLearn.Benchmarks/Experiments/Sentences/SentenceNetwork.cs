using AutLearn.Graph;

namespace AutLearn.Benchmarks.Experiments.Sentences;

/// <summary>A small convolutional sentence classifier: embeddings, filters of width 3, maximum over time, dropout, scores (Kim 2014, arXiv:1408.5882).</summary>
internal static class SentenceNetwork
{
    private const int Embedding = 64;
    private const int Filters = 64;
    private const int Width = 3;

    public static OnnxModel Create(int words, int classes, int seed)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("sentences");
        Value x = graph.AddInput("words", new TensorType(ElementType.Int64, new Shape("N", WordEncoder.Length)));
        float[] table = Uniform(words * Embedding, 0.25);

        // Padding carries no meaning, so its embedding starts at nothing.
        table.AsSpan(0, Embedding).Clear();
        x = Add("Gather", "embedded", [graph.AddInitializer("embedding", Tensor.Of<float>([words, Embedding], table)), x]);
        x = Add("Transpose", "channels", [x], KeyValuePair.Create("perm", AttributeValue.Of(0L, 2L, 1L)));
        Value filter = graph.AddInitializer("filter.weight", Tensor.Of<float>([Filters, Embedding, Width], Uniform(Filters * Embedding * Width, Math.Sqrt(6.0 / (Embedding * Width)))));
        Value filterBias = graph.AddInitializer("filter.bias", Tensor.Of<float>([Filters], new float[Filters]));
        x = Add("Relu", "active", [Add("Conv", "filtered", [x, filter, filterBias], KeyValuePair.Create("pads", AttributeValue.Of(1L, 1L)))]);
        x = Add("ReduceMax", "strongest", [x, graph.AddInitializer("time", Tensor.Vector<long>(2))], KeyValuePair.Create("keepdims", AttributeValue.Of(0L)));
        x = Add("Dropout", "dropped", [x, graph.AddInitializer("ratio", Tensor.Scalar(0.5f))]);
        Value weight = graph.AddInitializer("classifier.weight", Tensor.Of<float>([classes, Filters], Uniform(classes * Filters, Math.Sqrt(6.0 / (Filters + classes)))));
        Value bias = graph.AddInitializer("classifier.bias", Tensor.Of<float>([classes], new float[classes]));
        graph.AddOutput(Add("Gemm", "logits", [x, weight, bias], KeyValuePair.Create("transB", AttributeValue.Of(1L))));
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        Value Add(string op, string name, Value[] inputs, params KeyValuePair<string, AttributeValue>[] attributes) =>
            graph.AddNode(op, inputs, [name], attributes, name: name).Outputs[0]!;

        float[] Uniform(int count, double bound)
        {
            float[] values = new float[count];
            for (int i = 0; i < count; i++)
                values[i] = (float)(bound * ((2 * random.NextDouble()) - 1));
            return values;
        }
    }
}
