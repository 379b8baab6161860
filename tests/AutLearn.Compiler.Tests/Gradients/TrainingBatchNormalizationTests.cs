using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Gradients;

[Trait("Category", "Unit")]
public sealed class TrainingBatchNormalizationTests
{
    private const int Channels = 8;
    private const int Samples = 16;
    private const int Plane = 1024;

    // Channels whose mean is several deviations, as smooth images have them
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Differentiate_ChannelRows_MakesStatisticsTwiceAsPreciseAsTheOperators(int seed)
    {
        var random = new Random(seed);
        Tensor x = Networks.Random(random, 1, 1, Channels, Samples, Plane);
        float[] shifted = [.. x.Span<float>().ToArray().Select(v => v + 3)];
        (double operatorMean, double operatorVariance) = Errors(WithNormalization(), shifted);
        OnnxModel replaced = WithNormalization();
        Differentiate(replaced);
        Assert.DoesNotContain(replaced.Graph.Nodes, n => n.Is("BatchNormalization") && n.GetInt("training_mode", 0) != 0);
        ModelChecker.Check(replaced);
        (double mean, double variance) = Errors(replaced, shifted);
        Assert.True(mean <= operatorMean / 2, $"The means are off by {mean}, the operator's by {operatorMean}.");
        Assert.True(variance <= operatorVariance / 2, $"The variances are off by {variance}, the operator's by {operatorVariance}.");
    }

    // The operator's running outputs are those of the batch with momentum 0 alone.
    [Fact]
    public void Differentiate_RunningOutputs_KeepsTheOperator()
    {
        OnnxModel model = WithNormalization();
        Node node = model.Graph.Nodes.Single(n => n.Is("BatchNormalization"));
        node.SetAttribute("momentum", AttributeValue.Of(0.5f));
        Differentiate(model);
        Assert.Contains(node, model.Graph.Nodes);
    }

    private static OnnxModel WithNormalization()
    {
        var graph = new OnnxGraph("normalization");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(1, Channels, "N", Plane)));
        Value[] perChannel = [.. new[] { 1f, 0, 0, 1 }.Select((v, i) => graph.AddInitializer($"p{i}", Tensor.Of<float>([Channels], [.. Enumerable.Repeat(v, Channels)])))];
        Node node = graph.AddNode(
            "BatchNormalization",
            [x, .. perChannel],
            ["y", "mean", "variance"],
            [new("training_mode", AttributeValue.Of(1L)), new("momentum", AttributeValue.Of(0f))]);
        foreach (Value? output in node.Outputs)
            graph.AddOutput(output!);
        var model = new OnnxModel(graph, 18);
        ShapeInference.Infer(model);
        return model;
    }

    private static void Differentiate(OnnxModel model)
    {
        Value loss = model.Graph.AddNode("ReduceSumSquare", [model.Graph.Outputs[0]], ["loss"], [new("keepdims", AttributeValue.Of(0L))]).Outputs[0]!;
        ShapeInference.Infer(model);
        new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [model.Graph.Find("x")!]);
    }

    // The largest over the channels, relative to the deviation and to the variance
    private static (double Mean, double Variance) Errors(OnnxModel model, float[] x)
    {
        using var ort = new OrtModel(model, GraphOptimizationLevel.ORT_ENABLE_ALL);
        IReadOnlyDictionary<string, Tensor> outputs = ort.Run(new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([1, Channels, Samples, Plane], x) });
        float[] means = outputs["mean"].Span<float>().ToArray(), variances = outputs["variance"].Span<float>().ToArray();
        double ofMean = 0, ofVariance = 0;
        for (int c = 0; c < Channels; c++)
        {
            double[] channel = [.. x.Skip(c * Samples * Plane).Take(Samples * Plane).Select(v => (double)v)];
            double mean = channel.Average(), variance = channel.Average(v => (v - mean) * (v - mean));
            ofMean = Math.Max(ofMean, Math.Abs(means[c] - mean) / Math.Sqrt(variance));
            ofVariance = Math.Max(ofVariance, Math.Abs(variances[c] - variance) / variance);
        }

        return (ofMean, ofVariance);
    }
}
