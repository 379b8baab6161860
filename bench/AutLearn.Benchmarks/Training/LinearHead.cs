using AutLearn.Graph;

namespace AutLearn.Benchmarks.Training;

/// <summary>A linear softmax head with seeded weights and a batch for it.</summary>
internal static class LinearHead
{
    public static OnnxModel Create(int features, int classes)
    {
        var graph = new OnnxGraph("head");
        Value x = graph.AddInput("features", new TensorType(ElementType.Float32, new Shape("N", features)));
        Value w = graph.AddInitializer("weight", Tensor.Of<float>([classes, features], Weight(features, classes)));
        Value b = graph.AddInitializer("bias", Tensor.Of<float>([classes], new float[classes]));
        graph.AddOutput(graph.AddNode("Gemm", [x, w, b], ["logits"], [KeyValuePair.Create("transB", AttributeValue.Of(1L))]).Output(0)!);
        return new(graph, 18);
    }

    public static float[] Weight(int features, int classes)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, features * classes).Select(_ => (float)(0.02 * (random.NextDouble() - 0.5)))];
    }

    public static (float[] Features, long[] Labels) Batch(int features, int classes, int rows)
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, rows * features).Select(_ => (float)random.NextDouble())];
        return (values, [.. Enumerable.Range(0, rows).Select(_ => (long)random.Next(classes))]);
    }
}
