using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Partition;

[Trait("Category", "Unit")]
public sealed class BoundarySearchTests
{
    [Fact]
    public void Find_ExpandBeforeTheHead_CutsBeforeIt()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value h = graph.AddNode("Relu", [Networks.Dense(graph, x, "fc1", random, 4, 3, null)], ["narrow"]).Outputs[0]!;
        Value tiled = graph.AddNode("Concat", [h, h, h, h], ["wide"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, tiled, "fc2", random, 12, 5, "logits"));
        Assert.Equal(["narrow"], Boundary(graph));
    }

    [Fact]
    public void Find_PoolBeforeTheHead_CutsBehindIt()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Cnn(5), new CompileOptions());
        Assert.Equal(6 * 4, artifacts.Report.BoundaryBytesPerSample);
        Assert.Equal(["features"], artifacts.Manifest.Boundary.Select(b => b.Tensor.Name));
    }

    [Fact]
    public void Find_AllTrainable_KeepsTheUserInput()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Mlp(4, 3, 2), new CompileOptions { Trainable = TrainableSelection.All });
        Assert.Equal(["x"], artifacts.Manifest.Boundary.Select(b => b.UserInput));
        Assert.Null(artifacts.Manifest.Boundary[0].InferenceOutput);
    }

    [Fact]
    public void Find_ExpensiveNodeWithSmallInput_IsNotRunAgain()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value wide = Networks.Dense(graph, x, "fc1", random, 2, 50, "wide");
        graph.AddOutput(Networks.Dense(graph, wide, "fc2", random, 50, 5, "logits"));
        Assert.Equal(["wide"], Boundary(graph));
    }

    [Fact]
    public void Find_TwoBranches_CutsEachWhereItIsSmallest()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value a = graph.AddInput("a", new TensorType(ElementType.Float32, new Shape("N", 8)));
        Value b = graph.AddInput("b", new TensorType(ElementType.Float32, new Shape("N", 8)));
        Value left = graph.AddNode("ReduceMean", [Networks.Dense(graph, a, "left", random, 8, 8, null), graph.AddInitializer("axes", Tensor.Vector(1L))], ["mean"]).Outputs[0]!;
        Value right = graph.AddNode("Exp", [b], ["exp"]).Outputs[0]!;
        Value sum = graph.AddNode("Add", [right, left], ["sum"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, sum, "fc", random, 8, 5, "logits"));

        // One number and eight would cost more than the sum's eight; nothing beats the latest cut.
        Assert.Equal(["sum"], Boundary(graph));
    }

    [Fact]
    public void Find_TrainableMiddle_FreezesOnlyWhatComesBefore()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            Networks.Cnn(5), new CompileOptions { Trainable = TrainableSelection.Patterns(["conv2.*"], ["*.bias"]) });
        Assert.Equal(["conv2.weight", "conv2.bn.scale"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name));
        Assert.Equal(["pooled"], artifacts.Manifest.Boundary.Select(b => b.Tensor.Name));
        Assert.DoesNotContain(artifacts.Inference.Graph.Nodes, n => n.Is("BatchNormalization") && n.Name == "conv1.bn");
    }

    [Fact]
    public void Compile_FixedBatch_BecomesFree()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(1, 2, 3)));
        Value flat = graph.AddNode("Reshape", [x, graph.AddInitializer("shape", Tensor.Vector(1L, 6L))], ["flat"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, flat, "fc", random, 6, 5, "logits"));
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions());
        Assert.Equal(["N", "2", "3"], artifacts.Manifest.Inputs[0].Shape.AsEnumerable());
        using var runner = new StepRunner(artifacts);
        IReadOnlyDictionary<string, Tensor> result = runner.Infer(new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 7, 2, 3) });
        Assert.Equal([7L, 5L], result["logits"].Dimensions.AsEnumerable());
    }

    [Fact]
    public void Compile_OperatorsWithoutRule_AreAllNamed()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value h = Networks.Dense(graph, x, "fc1", random, 4, 4, null);
        h = graph.AddNode("Bernoulli", [h], ["drawn"], name: "first").Outputs[0]!;
        h = graph.AddNode("RandomNormalLike", [h], ["noise"], name: "second").Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, h, "fc2", random, 4, 5, "logits"));
        var e = Assert.Throws<UnsupportedGradientException>(() =>
            ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions { Trainable = TrainableSelection.All }));
        Assert.Equal(2, e.Nodes.Length);
        Assert.Contains("'first' (Bernoulli", e.Message, StringComparison.Ordinal);
        Assert.Contains("'second' (RandomNormalLike", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_LossOfOtherClasses_Refuses()
    {
        var e = Assert.Throws<InvalidModelException>(() => ModelCompiler.Compile(
            Networks.Head(4, 5), new CompileOptions { Loss = new SoftmaxCrossEntropyLoss { ClassWeights = [1, 2] } }));
        Assert.Contains("2 class weights", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_PatternThatFitsNothing_ListsTheParameters()
    {
        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(
            Networks.Head(4, 5), new CompileOptions { Trainable = TrainableSelection.Patterns("encoder*") }));
        Assert.Contains("'fc.weight'", e.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Boundary(OnnxGraph graph) =>
        ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions()).Manifest.Boundary.Select(b => b.Tensor.Name);
}
