using AutLearn.Graph;

namespace AutLearn.Compiler.Tests;

[Trait("Category", "Unit")]
public sealed class HeadReplacementTests
{
    [Fact]
    public void Replace_GemmAndSoftmax_KeepsNamesAndFeatures()
    {
        OnnxModel model = Classifier();
        Value logits = HeadReplacement.Replace(model, classes: 5, seed: 1);
        OnnxGraph graph = model.Graph;
        Assert.Equal(["features", "logits", "probabilities"], graph.Outputs.Select(o => o.Name));
        Assert.Same(logits, graph.Find("logits"));
        Assert.Equal([5, 4], graph.Find("classifier.weight")!.Initializer!.Dimensions.ToArray());
        Assert.Equal([5], graph.Find("classifier.bias")!.Initializer!.Dimensions.ToArray());
        Assert.Equal(["Relu", "Gemm", "Softmax"], graph.Nodes.Select(n => n.OpType));
        Assert.Equal(new Shape("N", 5), logits.Shape);
        Assert.Same(graph.Find("features"), logits.Producer!.Inputs[0]);
    }

    [Fact]
    public void Replace_Seed_DecidesTheWeights()
    {
        Tensor first = Weights(7);
        Assert.True(first.ContentEquals(Weights(7)));
        Assert.False(first.ContentEquals(Weights(8)));
        Assert.All(first.Span<float>().ToArray(), w => Assert.InRange(w, -0.5f, 0.5f));
        Assert.True(first.Span<float>().ToArray().Max(MathF.Abs) > 0.3f);

        static Tensor Weights(int seed)
        {
            OnnxModel model = Classifier();
            return HeadReplacement.Replace(model, 5, seed).Producer!.Inputs[1]!.Initializer!;
        }
    }

    [Fact]
    public void Replace_MatMulAndAdd_ReplacesBoth()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([4, 3], new float[12]));
        Value b = graph.AddInitializer("b", Tensor.Of<float>([3], new float[3]));
        Value product = graph.AddNode("MatMul", [x, w], ["product"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Add", [product, b], ["scores"]).Outputs[0]!);
        var model = new OnnxModel(graph, 17);
        Value logits = HeadReplacement.Replace(model, 6, 0);
        Assert.Equal("scores", logits.Name);
        Assert.Equal("Gemm", Assert.Single(graph.Nodes).OpType);
        Assert.Equal([6, 4], graph.Find("w")!.Initializer!.Dimensions.ToArray());
        Assert.Equal([6], graph.Find("b")!.Initializer!.Dimensions.ToArray());
        Assert.Equal(2, graph.Initializers.Count);
    }

    [Fact]
    public void Replace_NoClassifier_SaysWhatIsMissing()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        graph.AddOutput(graph.AddNode("Relu", [x], ["y"]).Outputs[0]!);
        var e = Assert.Throws<InvalidModelException>(() => HeadReplacement.Replace(new OnnxModel(graph, 17), 6, 0));
        Assert.Contains("no Gemm or MatMul", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replace_OneClass_Refuses() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => HeadReplacement.Replace(Classifier(), 1, 0));

    private static OnnxModel Classifier()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value features = graph.AddNode("Relu", [x], ["features"]).Outputs[0]!;
        features.Type = x.Type;
        Value w = graph.AddInitializer("classifier.weight", Tensor.Of<float>([10, 4], new float[40]));
        Value b = graph.AddInitializer("classifier.bias", Tensor.Of<float>([10], new float[10]));
        Value logits = graph.AddNode("Gemm", [features, w, b], ["logits"], [new("transB", AttributeValue.Of(1L))]).Outputs[0]!;
        graph.AddOutput(features);
        graph.AddOutput(logits);
        graph.AddOutput(graph.AddNode("Softmax", [logits], ["probabilities"]).Outputs[0]!);
        return new OnnxModel(graph, 13);
    }
}
