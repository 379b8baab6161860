using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Tests.Preparation;

[Trait("Category", "Unit")]
public sealed class BranchSelectionTests
{
    // As PyTorch exports squeeze: if size 1, then without the axis, else as it is. The branch returns a value from outside as well.
    [Theory]
    [InlineData(1, "Squeeze", 1)]
    [InlineData(3, "Identity", 2)]
    public void Run_ConditionOnAKnownSize_KeepsItsBranch(long size, string op, int rank)
    {
        var graph = new OnnxGraph("main");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", size)));
        Value shape = graph.AddNode("Shape", [x], ["shape"]).Outputs[0]!;
        Value width = graph.AddNode("Gather", [shape, graph.AddInitializer("one", Tensor.Scalar(1L))], ["width"]).Outputs[0]!;
        Value isOne = graph.AddNode("Equal", [width, graph.AddInitializer("expected", Tensor.Scalar(1L))], ["is_one"]).Outputs[0]!;
        var then = new OnnxGraph("then", graph);
        Value axis = then.AddNode("Constant", [], ["axis"], [KeyValuePair.Create("value", AttributeValue.Of(Tensor.Vector(1L)))]).Outputs[0]!;
        then.AddOutput(then.AddNode("Squeeze", [x, axis], ["squeezed"]).Outputs[0]!);
        var otherwise = new OnnxGraph("else", graph);
        otherwise.AddOutput(x);
        Node node = graph.AddNode("If", [isOne], ["y"], [KeyValuePair.Create("then_branch", AttributeValue.Of(then)), KeyValuePair.Create("else_branch", AttributeValue.Of(otherwise))]);
        graph.AddOutput(node.Outputs[0]!);
        var model = new OnnxModel(graph, 18);
        ShapeInference.Infer(model);

        new PassSequence(new ConstantFolding(), new BranchSelection(), new DeadNodeElimination()).Run(model);

        ModelChecker.Check(model);
        ShapeInference.Infer(model);
        Value y = Assert.Single(graph.Outputs);
        Assert.Equal("y", y.Name);
        Assert.DoesNotContain(graph.Nodes, n => n.Is("If"));
        Assert.Contains(graph.Nodes, n => n.Is(op));
        Assert.Equal(rank, y.Shape!.Rank);
    }
}
