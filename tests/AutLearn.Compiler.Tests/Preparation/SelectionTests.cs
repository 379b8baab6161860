using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Preparation;

[Trait("Category", "Unit")]
public sealed class SelectionTests
{
    [Fact]
    public void LastLayers_TwoOfACnn_TakesTheNormalisationWithItsConvolution() =>
        Assert.Equal(
            ["conv2.weight", "conv2.bn.scale", "conv2.bn.bias", "fc.weight", "fc.bias"],
            Parameters(Networks.Cnn(5), TrainableSelection.LastLayers(2)));

    [Fact]
    public void All_Cnn_LeavesRunningStatisticsOut() =>
        Assert.DoesNotContain(Parameters(Networks.Cnn(5), TrainableSelection.All), n => n.EndsWith(".mean", StringComparison.Ordinal) || n.EndsWith(".var", StringComparison.Ordinal));

    [Theory]
    [InlineData("fc?.weight", "fc1.weight,fc2.weight")]
    [InlineData("*2*", "fc2.weight,fc2.bias")]
    [InlineData("fc1.bias", "fc1.bias")]
    [InlineData("*.b*s", "fc1.bias,fc2.bias")]
    public void Patterns_Globs_FitWholeNames(string pattern, string expected) =>
        Assert.Equal(expected.Split(','), Parameters(Networks.Mlp(4, 3, 2), TrainableSelection.Patterns(pattern)));

    [Fact]
    public void LastLayers_MoreThanThereAre_SaysHowManyThereAre()
    {
        var e = Assert.Throws<AutLearnException>(() => Parameters(Networks.Mlp(4, 3, 2), TrainableSelection.LastLayers(3)));
        Assert.Contains("has 2 layers", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LastLayers_Embedding_IsALayer()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value tokens = graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", 5)));
        Value table = graph.AddInitializer("table", Networks.Random(random, 1, 20, 4));
        Value embedded = graph.AddNode("Gather", [table, tokens], ["embedded"]).Outputs[0]!;
        Value mean = graph.AddNode("ReduceMean", [embedded, graph.AddInitializer("axes", Tensor.Vector(1L))], ["mean"], [new("keepdims", AttributeValue.Of(0L))]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, mean, "fc", random, 4, 3, "logits"));
        Assert.Equal(["table", "fc.weight", "fc.bias"], Parameters(new OnnxModel(graph, Networks.Opset), TrainableSelection.LastLayers(2)));
    }

    [Fact]
    public void Scores_SeveralOutputsAndNoHint_AsksForTheName()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        graph.AddOutput(Networks.Dense(graph, x, "left", random, 4, 3, "a"));
        graph.AddOutput(Networks.Dense(graph, x, "right", random, 4, 3, "b"));
        var model = new OnnxModel(graph, Networks.Opset);
        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(model, new CompileOptions()));
        Assert.Contains("LogitsName", e.Message, StringComparison.Ordinal);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions { LogitsName = "b" });
        Assert.Equal("b", artifacts.Manifest.Logits.Name);
        Assert.Equal(["right.weight", "right.bias"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name));
    }

    [Fact]
    public void Scores_BeforeTheSoftmax_AreAnOutputOfInference()
    {
        OnnxModel model = Networks.Mlp(4, 3, 2);
        model.Graph.RemoveOutput(model.Graph.Find("logits")!);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions());
        Assert.Equal("logits", artifacts.Manifest.Logits.Name);
        Assert.Equal(["probabilities", "logits", "hidden"], artifacts.Inference.Graph.Outputs.Select(o => o.Name));
        Assert.Equal("probabilities", ModelCompiler.Compile(model, new CompileOptions { Loss = new MeanSquaredLoss() }).Manifest.Logits.Name);
    }

    [Fact]
    public void Patterns_TransposedWeight_IsTrainedUnderItsOwnName()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value w = graph.AddInitializer("linear.weight", Networks.Random(random, 1, 3, 4));
        Value turned = graph.AddNode("Transpose", [w], ["turned"], [new("perm", AttributeValue.Of(1L, 0L))]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("MatMul", [x, turned], ["logits"]).Outputs[0]!);
        var model = new OnnxModel(graph, Networks.Opset);
        foreach (TrainableSelection selection in (TrainableSelection[])[TrainableSelection.Patterns("linear.weight"), TrainableSelection.LastLayers(1), TrainableSelection.All])
        {
            CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions { Trainable = selection });
            Assert.Equal(["linear.weight"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name));
            Assert.Equal(["3", "4"], artifacts.Manifest.Parameters[0].Tensor.Shape.AsEnumerable());
            AssertMoves(artifacts, "linear.weight", new() { ["x"] = Networks.Random(random, 1, 5, 4) }, Networks.Labels(random, 3, 5));
        }
    }

    [Theory]
    [InlineData("normed")]
    [InlineData("half")]
    [InlineData("integers")]
    public void LastLayers_WeightComputedFromConstants_TrainsWhatHoldsIt(string kind)
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value w;
        string[] expected;
        switch (kind)
        {
            case "normed":
                // Weight normalisation: w = g v / |v|, one length a column
                Value v = graph.AddInitializer("v", Networks.Random(random, 1, 4, 3)), g = graph.AddInitializer("g", Networks.Random(random, 1, 1, 3));
                Value length = graph.AddNode("ReduceL2", [v, graph.AddInitializer("axes", Tensor.Vector(0L))], ["length"]).Outputs[0]!;
                w = graph.AddNode("Mul", [graph.AddNode("Div", [v, length], ["direction"]).Outputs[0]!, g], ["w"]).Outputs[0]!;
                expected = ["g", "v"];
                break;
            case "half":
                Value half = graph.AddInitializer("w16", Tensor.Of<Half>([4, 3], Array.ConvertAll(Networks.Random(random, 1, 4, 3).Span<float>().ToArray(), f => (Half)f)));
                w = graph.AddNode("Cast", [half], ["w"], [new("to", AttributeValue.Of((long)ElementType.Float32))]).Outputs[0]!;
                expected = ["w16"];
                break;
            default:
                Value q = graph.AddInitializer("q", Tensor.Of<sbyte>([4, 3], [1, -2, 3, 4, -5, 6, 7, 8, -9, 10, 11, 12]));
                Value scale = graph.AddInitializer("scale", Tensor.Vector(0.1f, 0.2f, 0.3f));
                w = graph.AddNode("DequantizeLinear", [q, scale], ["w"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!;
                expected = ["w"];
                break;
        }

        graph.AddOutput(graph.AddNode("MatMul", [x, w], ["logits"]).Outputs[0]!);
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, Networks.Opset), new CompileOptions());
        Assert.Equal(expected, artifacts.Manifest.Parameters.Select(p => p.Tensor.Name).Order(StringComparer.Ordinal));
        if (kind == "integers")
            Assert.Equal([0.1f, -0.4f, 0.9f], artifacts.InitialParameters["w"].Span<float>()[..3].ToArray().Select(f => MathF.Round(f, 5)));
        foreach (string name in expected.Where(_ => kind != "half"))
            AssertMoves(artifacts, name, new() { ["x"] = Networks.Random(random, 1, 5, 4) }, Networks.Labels(random, 3, 5));
    }

    [Fact]
    public void All_TiedEmbedding_IsOneParameterWithBothGradients()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value tokens = graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", 5)));
        Tensor start = Networks.Random(random, 1, 7, 4);
        Value table = graph.AddInitializer("table", start);
        Value embedded = graph.AddNode("Gather", [table, tokens], ["embedded"]).Outputs[0]!;
        Value turned = graph.AddNode("Transpose", [table], ["turned"], [new("perm", AttributeValue.Of(1L, 0L))]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("MatMul", [embedded, turned], ["logits"]).Outputs[0]!);
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, Networks.Opset), new CompileOptions { Trainable = TrainableSelection.All });
        Assert.Equal(["table"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name));
        Assert.Equal(["tokens"], artifacts.Manifest.Boundary.Select(b => b.Tensor.Name));

        // Against central differences of the loss, which sees the table in both places.
        Tensor ids = Networks.Labels(random, 7, 2, 5), labels = Networks.Labels(random, 7, 2, 5);
        const float rate = 1e-2f, step = 1e-2f;
        using var runner = new StepRunner(artifacts);
        runner.Step(new Dictionary<string, Tensor> { ["tokens"] = ids }, labels, rate);
        float[] moved = runner.Floats("table");
        for (int i = 0; i < moved.Length; i++)
        {
            double expected = (LossAt(i, step) - LossAt(i, -step)) / (2 * step);
            Assert.Equal(expected, (start.Span<float>()[i] - moved[i]) / rate, 2e-3);
        }

        double LossAt(int index, float by)
        {
            float[] values = start.Span<float>().ToArray();
            values[index] += by;
            runner.Values["table"] = Tensor.Of<float>([7, 4], values);
            return runner.Evaluate(new Dictionary<string, Tensor> { ["tokens"] = ids }, labels)[artifacts.Manifest.LossOutput].Span<float>()[0];
        }
    }

    [Theory]
    [InlineData("fc2.weight,fc3.weight", "fc3.weight")]
    [InlineData("fc*.bias,embedding*", "embedding*")]
    public void Patterns_OneThatFitsNothingAmongOthers_IsNamed(string patterns, string missing)
    {
        var e = Assert.Throws<AutLearnException>(() => Parameters(Networks.Mlp(4, 3, 2), TrainableSelection.Patterns(patterns.Split(','))));
        Assert.Contains($"'{missing}'", e.Message, StringComparison.Ordinal);
        Assert.Contains("'fc1.weight'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Patterns_ExcludedNameThatIsNone_IsNamed()
    {
        var e = Assert.Throws<AutLearnException>(() => Parameters(Networks.Mlp(4, 3, 2), TrainableSelection.Patterns(["*"], ["fc1.wieght"])));
        Assert.Contains("'fc1.wieght'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("conv1.bn.mean", "running statistics")]
    [InlineData("averaged", "no constant")]
    public void Patterns_NameThatCannotBeTrained_SaysWhy(string name, string reason)
    {
        var e = Assert.Throws<AutLearnException>(() => Parameters(Networks.Cnn(3), TrainableSelection.Patterns("fc.weight", name)));
        Assert.Contains($"'{name}' cannot be trained", e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BiasesAndNormalizations_Cnn_AreThoseAlone()
    {
        Assert.Equal(["fc.bias"], Parameters(Networks.Cnn(3), TrainableSelection.Biases));
        Assert.Equal(["conv1.bn.scale", "conv1.bn.bias", "conv2.bn.scale", "conv2.bn.bias"], Parameters(Networks.Cnn(3), TrainableSelection.Normalizations));
        var e = Assert.Throws<AutLearnException>(() => Parameters(Networks.Mlp(4, 3, 2), TrainableSelection.Normalizations));
        Assert.Contains("no scales and shifts", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LastLayers_LayerOfIntegers_IsRefusedWithWhatHelps()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value h = graph.AddNode("Relu", [Networks.Dense(graph, x, "fc1", random, 4, 4, null)], ["h"]).Outputs[0]!;
        Node quantize = graph.AddNode("DynamicQuantizeLinear", [h], ["hq", "hs", "hz"]);
        Value product = graph.AddNode("MatMulInteger", [quantize.Outputs[0], graph.AddInitializer("fc2.q", Tensor.Of<sbyte>([4, 3], new sbyte[12])), quantize.Outputs[2]], ["p"], name: "fc2").Outputs[0]!;
        Value cast = graph.AddNode("Cast", [product], ["f"], [new("to", AttributeValue.Of((long)ElementType.Float32))]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Mul", [cast, quantize.Outputs[1]], ["logits"]).Outputs[0]!);
        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(new OnnxModel(graph, Networks.Opset), new CompileOptions()));
        Assert.Contains("'fc2' (MatMulInteger)", e.Message, StringComparison.Ordinal);
        Assert.Contains("--new-head", e.Message, StringComparison.Ordinal);
    }

    private static void AssertMoves(CompiledArtifacts artifacts, string parameter, Dictionary<string, Tensor> boundary, Tensor labels)
    {
        using var runner = new StepRunner(artifacts);
        float[] before = runner.Floats(parameter);
        runner.Step(boundary, labels, 0.1f);
        Assert.NotEqual(before, runner.Floats(parameter));
    }

    private static IEnumerable<string> Parameters(OnnxModel model, TrainableSelection selection) =>
        ModelCompiler.Compile(model, new CompileOptions { Trainable = selection }).Manifest.Parameters.Select(p => p.Tensor.Name);
}
