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

    private static IEnumerable<string> Parameters(OnnxModel model, TrainableSelection selection) =>
        ModelCompiler.Compile(model, new CompileOptions { Trainable = selection }).Manifest.Parameters.Select(p => p.Tensor.Name);
}
