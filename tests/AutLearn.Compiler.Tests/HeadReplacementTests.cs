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

    [Theory]
    [InlineData("constant node", 17, 8)]
    [InlineData("reshaped", 17, 8)]
    [InlineData("transposed", 17, 8)]
    [InlineData("format 3", 9, 3)]
    [InlineData("convolution, then pool", 17, 8)]
    [InlineData("pool, then convolution", 17, 8)]
    [InlineData("integers", 17, 8)]
    [InlineData("rounded features", 17, 8)]
    public void Replace_ClassifierWhereverItStands_TakesItsFeatures(string kind, long opset, long irVersion)
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        bool hasMaps = kind.Contains("pool", StringComparison.Ordinal);
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, hasMaps ? new Shape("N", 4, 3, 3) : new Shape("N", 4)));
        Value y = graph.AddNode("Relu", [x], ["relu"]).Outputs[0]!;
        Tensor weight = Networks.Random(random, 1, 4, 3), kernel = Networks.Random(random, 1, 3, 4, 1, 1);
        switch (kind)
        {
            case "constant node":
                y = graph.AddNode("MatMul", [y, graph.AddNode("Constant", [], ["w"], [new("value", AttributeValue.Of(weight))]).Outputs[0]], ["scores"]).Outputs[0]!;
                break;
            case "reshaped":
                Value flat = graph.AddInitializer("w", Networks.Random(random, 1, 12));
                y = graph.AddNode("MatMul", [y, graph.AddNode("Reshape", [flat, graph.AddInitializer("s", Tensor.Vector(4L, 3L))], ["w2"]).Outputs[0]], ["scores"]).Outputs[0]!;
                break;
            case "transposed":
                y = graph.AddNode("MatMul", [y, graph.AddNode("Transpose", [graph.AddInitializer("w", Networks.Random(random, 1, 3, 4))], ["w2"]).Outputs[0]], ["scores"]).Outputs[0]!;
                break;
            case "format 3":
                Value w = graph.AddInput("w", weight.Type);
                graph.SetInitializer(w, weight);
                y = graph.AddNode("MatMul", [y, w], ["scores"]).Outputs[0]!;
                break;
            case "convolution, then pool":
                y = graph.AddNode("Conv", [y, graph.AddInitializer("w", kernel)], ["maps"]).Outputs[0]!;
                y = graph.AddNode("Flatten", [graph.AddNode("GlobalAveragePool", [y], ["pooled"]).Outputs[0]], ["scores"]).Outputs[0]!;
                break;
            case "pool, then convolution":
                y = graph.AddNode("Conv", [graph.AddNode("GlobalAveragePool", [y], ["pooled"]).Outputs[0], graph.AddInitializer("w", kernel)], ["maps"]).Outputs[0]!;
                y = graph.AddNode("Squeeze", [y, graph.AddInitializer("axes", Tensor.Vector(2L, 3L))], ["scores"]).Outputs[0]!;
                break;
            case "integers":
                Value restored = graph.AddNode("DequantizeLinear", [graph.AddInitializer("w", Tensor.Of<sbyte>([4, 3], new sbyte[12])), graph.AddInitializer("scale", Tensor.Scalar(0.1f))], ["w2"]).Outputs[0]!;
                y = graph.AddNode("MatMul", [y, restored], ["scores"]).Outputs[0]!;
                break;
            default:
                Node quantize = graph.AddNode("DynamicQuantizeLinear", [y], ["q", "qs", "qz"]);
                y = graph.AddNode("MatMulInteger", [quantize.Outputs[0], graph.AddInitializer("w", Tensor.Of<sbyte>([4, 3], new sbyte[12])), quantize.Outputs[2]], ["i"]).Outputs[0]!;
                y = graph.AddNode("Mul", [graph.AddNode("Cast", [y], ["f"], [new("to", AttributeValue.Of(1L))]).Outputs[0], quantize.Outputs[1]], ["scores"]).Outputs[0]!;
                break;
        }

        graph.AddOutput(y);
        var model = new OnnxModel(graph, opset) { IrVersion = irVersion };
        Value logits = HeadReplacement.Replace(model, 5, 1);
        Assert.Equal("scores", logits.Name);
        Assert.Equal(new Shape("N", 5), logits.Shape);
        string held = Assert.Single(graph.Initializers, v => v.Shape!.Rank == 2).Name;
        if (kind != "constant node")
            Assert.Equal("w", held);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions());
        using var runner = new StepRunner(artifacts);
        Tensor rows = Networks.Random(random, 1, hasMaps ? [6, 4, 3, 3] : [6, 4]);
        Assert.Equal([6L, 5L], runner.Infer(new Dictionary<string, Tensor> { ["x"] = rows })["scores"].Dimensions.AsEnumerable());
    }

    [Fact]
    public void Replace_MapsThatAreTheOutput_ScoresEachPoint()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 3, "h", "w")));
        Value c = graph.AddNode("Relu", [graph.AddNode("Conv", [x, graph.AddInitializer("w1", Networks.Random(random, 1, 4, 3, 1, 1))], ["c"]).Outputs[0]], ["r"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Conv", [c, graph.AddInitializer("w2", Networks.Random(random, 1, 2, 4, 1, 1))], ["mask"]).Outputs[0]!);
        Assert.Equal(new Shape("N", "h", "w", 5), HeadReplacement.Replace(new OnnxModel(graph, 17), 5, 1).Shape);
    }

    [Fact]
    public void Replace_OneOfSeveralBranches_SaysWhichNodeJoinsThem()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 3, 8, 8)));
        Value near = graph.AddNode("Conv", [x, graph.AddInitializer("w1", Networks.Random(random, 1, 4, 3, 1, 1))], ["near"]).Outputs[0]!;
        Value far = graph.AddNode("Conv", [x, graph.AddInitializer("w2", Networks.Random(random, 1, 4, 3, 1, 1))], ["far"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Concat", [near, far], ["boxes"], [new("axis", AttributeValue.Of(3L))], name: "join").Outputs[0]!);
        var e = Assert.Throws<InvalidModelException>(() => HeadReplacement.Replace(new OnnxModel(graph, 17), 5, 1));
        Assert.Contains("'join' (Concat)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replace_NoClassifier_SaysWhatIsMissing()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        graph.AddOutput(graph.AddNode("Relu", [x], ["y"]).Outputs[0]!);
        var e = Assert.Throws<InvalidModelException>(() => HeadReplacement.Replace(new OnnxModel(graph, 17), 6, 0));
        Assert.Contains("no Gemm, MatMul or Conv", e.Message, StringComparison.Ordinal);
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
