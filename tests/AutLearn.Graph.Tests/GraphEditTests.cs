namespace AutLearn.Graph.Tests;

/// <summary>Editing takes constant time a change, however many nodes, uses or outputs there are.</summary>
[Trait("Category", "Unit")]
public sealed class GraphEditTests
{
    private const int Many = 60_000;

    private static readonly TensorType Row = new(ElementType.Float32, new Shape("N", 4));

    [Fact]
    public void Remove_AllReadersOfOneValue_KeepsTheOthersInOrder()
    {
        var graph = new OnnxGraph("fan");
        Value x = graph.AddInput("x", Row);
        Node[] nodes = [.. Enumerable.Range(0, Many).Select(i => graph.AddNode("Relu", [x], [$"y{i}"]))];
        for (int i = 0; i < Many; i += 2)
            graph.Remove(nodes[i]);
        Assert.Equal(Many / 2, x.Uses.Count);
        Assert.Equal(nodes.Where((_, i) => i % 2 == 1), graph.Nodes);
        Assert.Equal(nodes.Where((_, i) => i % 2 == 1), x.Uses.Select(u => u.Node));
        Assert.Equal(nodes[1], x.Uses[0].Node);
        graph.SetInput(nodes[1], 0, null);
        graph.SetInput(nodes[1], 0, x);
        Assert.Equal(Many / 2, x.Uses.Count);
        Assert.Single(x.Uses, u => u.Node == nodes[1]);
    }

    [Fact]
    public void Remove_ManyConstantsAndInputs_KeepsTheOthersInOrder()
    {
        var graph = new OnnxGraph("constants");
        Value[] constants = [.. Enumerable.Range(0, Many).Select(i => graph.AddInitializer($"c{i}", Tensor.Scalar(i)))];
        for (int i = 0; i < Many; i += 2)
            graph.Remove(constants[i]);
        graph.MakeInput(constants[1]);
        Assert.Equal(constants[3], graph.Initializers[0]);
        graph.SetInitializer(constants[1], Tensor.Scalar(1));
        graph.MakeConstant(constants[1]);
        graph.MakeInput(constants[1]);
        Assert.Equal([constants[1]], graph.Inputs);
        Assert.DoesNotContain(constants[1], graph.Initializers);
        Assert.Equal((Many / 2) - 1, graph.Initializers.Count);
    }

    [Fact]
    public void Outputs_ReplacedAndRemoved_AreCountedPerValue()
    {
        var graph = new OnnxGraph("outputs");
        Value x = graph.AddInput("x", Row);
        Value a = graph.AddNode("Relu", [x], ["a"]).Outputs[0]!, b = graph.AddNode("Relu", [x], ["b"]).Outputs[0]!;
        graph.AddOutput(a);
        graph.AddOutput(a);
        graph.RemoveOutput(a);
        Assert.True(a.IsOutput);
        graph.ReplaceAllUses(a, b);
        Assert.False(a.IsOutput);
        Assert.True(b.IsOutput);
        graph.ClearOutputs();
        Assert.False(b.IsOutput);
        Assert.Empty(graph.Outputs);
    }

    [Fact]
    public void Cut_Part_HasTheGivenInputsAndOutputs()
    {
        var graph = new OnnxGraph("whole");
        Value x = graph.AddInput("x", Row), w = graph.AddInitializer("w", Tensor.Vector(1f, 2f, 3f, 4f));
        Value a = graph.AddNode("Relu", [x], ["a"]).Outputs[0]!;
        a.Type = Row;
        Value b = graph.AddNode("Add", [a, w], ["b"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Neg", [b], ["c"]).Outputs[0]!);
        var model = new OnnxModel(graph, 17);
        OnnxModel part = model.Cut([a], [b]);
        Assert.Equal("Add", Assert.Single(part.Graph.Nodes).OpType);
        Assert.Equal(["x", "a"], part.Graph.Inputs.Select(i => i.Name));
        Assert.Equal("b", Assert.Single(part.Graph.Outputs).Name);
        Assert.Equal(3, graph.Nodes.Count);
        Assert.Throws<ArgumentException>(() => part.Cut([a], []));
    }

    [Fact]
    public void OrderNodes_OrderThatFits_IsTakenAndOthersAreRefused()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(2)));
        Node first = graph.AddNode("Exp", [x], ["a"]), second = graph.AddNode("Sin", [x], ["b"]), last = graph.AddNode("Add", [first.Outputs[0], second.Outputs[0]], ["c"]);
        graph.OrderNodes([second, first, last]);
        Assert.Equal([second, first, last], graph.Nodes);
        Assert.Throws<ArgumentException>(() => graph.OrderNodes([second, last, first]));
        Assert.Throws<ArgumentException>(() => graph.OrderNodes([second, last]));
        Assert.Equal([second, first, last], graph.Nodes);
    }
}
