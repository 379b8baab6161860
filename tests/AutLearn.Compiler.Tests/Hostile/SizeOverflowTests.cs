using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Hostile;

/// <summary>Sizes that each fit an Int64 and together do not.</summary>
[Trait("Category", "Fault")]
public sealed class SizeOverflowTests
{
    [Theory]
    [InlineData(1L << 62)]
    [InlineData(1L << 40)]
    public void Compile_TiledBeyondAnyMachine_IsRefusedAtTheNode(long repeats)
    {
        OnnxModel model = Model((graph, x) =>
            Node(graph, "ReduceSum", [Node(graph, "Tile", [x, Ints(graph, 1, repeats / 4)]), Ints(graph, 1)], ("keepdims", AttributeValue.Of(1L))));
        if (repeats == 1L << 40)
            Compile(model);
        else
            Assert.NotNull(Assert.Throws<InvalidModelException>(() => Compile(model)).NodeName);
    }

    [Fact]
    public void Compile_ManySymbolicAxes_SaturatesTheReport()
    {
        // 12 axes of a nominal 64 each: 2^72 elements by the estimate.
        OnnxModel model = Model((graph, x) =>
        {
            Value large = graph.AddInput("y", new TensorType(ElementType.Float32, new Shape([Dimension.Of("N"), .. Enumerable.Range(0, 12).Select(i => Dimension.Of($"d{i}"))])));
            Value sum = Node(graph, "ReduceSum", [large, Ints(graph, [.. Enumerable.Range(1, 12).Select(i => (long)i)])], ("keepdims", AttributeValue.Of(0L)));
            return Node(graph, "Add", [x, Node(graph, "Unsqueeze", [sum, Ints(graph, 1)])]);
        });
        CompileReport report = Compile(model).Report;
        Assert.Equal(long.MaxValue, report.ForwardFlops);
        Assert.InRange(report.BoundaryBytesPerSample, 1, long.MaxValue);
    }

    [Theory]
    [InlineData("strides")]
    [InlineData("dilations")]
    [InlineData("pads")]
    public void Compile_ConvolutionWithHugeAttribute_IsRefused(string attribute)
    {
        AttributeValue huge = attribute == "pads" ? AttributeValue.Of(1L << 61, 1L << 61, 1L << 61, 1L << 61) : AttributeValue.Of(1L << 62, 1L << 62);
        OnnxModel model = Images(graph => graph.AddInitializer("kernel", Tensor.Of<float>([2, 1, 3, 3], new float[18])), (attribute, huge));
        Assert.ThrowsAny<AutLearnException>(() => ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All }));
    }

    [Fact]
    public void Compile_PoolWithHugeKernel_IsRefusedWithoutBuildingIt()
    {
        var graph = new OnnxGraph("pool");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 1, "H", "W")));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([2, 1, 1, 1], [1f, 2f]));
        Value y = Node(graph, "Conv", [x, w]);
        y = Node(graph, "AveragePool", [y], ("kernel_shape", AttributeValue.Of(30000L, 30000L)));
        Output(graph, Node(graph, "Flatten", [Node(graph, "GlobalAveragePool", [y])]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsAny<AutLearnException>(() => ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions { Trainable = TrainableSelection.All }));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32L << 20);
    }

    [Theory]
    [InlineData(30000, 3)]
    [InlineData(3, 30000)]
    public void Compile_DepthwiseOnLargeWindow_StoresNoHugeMatrix(long width, long stride)
    {
        OnnxModel model = Images(
            graph => graph.AddInitializer("kernel", Tensor.Of<float>([1, 1, 1, 3], new float[3])),
            ("pads", AttributeValue.Of(0L, 100_000L, 0L, 100_000L)), ("strides", AttributeValue.Of(stride, 1L)), ("width", AttributeValue.Of(width)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All });
        }
        catch (AutLearnException)
        {
            // Refusing is as good; what counts is the price.
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64L << 20);
    }

    [Fact]
    public void Compile_EinsumOfFewerInputsThanTerms_NamesTheNode()
    {
        OnnxModel model = Model((graph, x) => Node(graph, "Einsum", [x], ("equation", AttributeValue.Of("ab,bc->ac"))));
        Assert.Contains("2 terms", Assert.Throws<InvalidModelException>(() => Compile(model)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, new long[] { 24 })]
    [InlineData(3, new long[] { 1, 18 })]
    [InlineData(1, new long[] { 1, 9, 6 })]
    [InlineData(2, new long[] { 1, 12, 5 })]
    public void Compile_RecurrentWeightsOfWrongShape_NamesTheNode(int input, long[] sizes)
    {
        OnnxModel model = Model((graph, x) =>
        {
            Value sequence = Node(graph, "Unsqueeze", [x, Ints(graph, 0)]);
            Value[] inputs = [sequence, Random(graph, 1, 12, 6), Random(graph, 1, 12, 4), Random(graph, 1, 24)];
            Assert.NotEqual(sizes, [.. inputs[input].Initializer!.Dimensions]);
            inputs[input] = Random(graph, sizes);
            Node layer = graph.AddNode("GRU", inputs, ["", "state"], [new("hidden_size", AttributeValue.Of(4L))]);
            return Node(graph, "Squeeze", [layer.Outputs[1]!, Ints(graph, 0)]);
        });
        Assert.NotNull(Assert.Throws<InvalidModelException>(() => Compile(model)).NodeName);
    }

    private static CompiledArtifacts Compile(OnnxModel model) => ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.LastLayers(1) });

    private static OnnxModel Model(Func<OnnxGraph, Value, Value> build)
    {
        var graph = new OnnxGraph("sizes");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6)));
        Output(graph, build(graph, x));
        return new OnnxModel(graph, 18);
    }

    private static OnnxModel Images(Func<OnnxGraph, Value> kernel, params (string Name, AttributeValue Value)[] attributes)
    {
        long width = attributes.FirstOrDefault(a => a.Name == "width").Value?.Int ?? 8;
        var graph = new OnnxGraph("images");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 1, 8, width)));
        Value y = Node(graph, "Conv", [x, kernel(graph)], [.. attributes.Where(a => a.Name != "width")]);
        Output(graph, Node(graph, "Flatten", [Node(graph, "GlobalAveragePool", [y])]));
        return new OnnxModel(graph, 18);
    }

    // Weights of a single row broadcast to whatever the features' width turns out to be.
    private static void Output(OnnxGraph graph, Value features)
    {
        Value sum = Node(graph, "ReduceSum", [features, Ints(graph, 1)], ("keepdims", AttributeValue.Of(1L)));
        graph.AddOutput(Node(graph, "MatMul", [sum, Random(graph, 1, 3)]));
    }

    private static Value Random(OnnxGraph graph, params long[] sizes) =>
        graph.AddInitializer(graph.UniqueName("w"), Networks.Random(new Random(3), 1, sizes));

    private static Value Ints(OnnxGraph graph, params long[] values) => graph.AddInitializer(graph.UniqueName("i"), Tensor.Vector<long>(values));

    private static Value Node(OnnxGraph graph, string op, Value[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
        graph.AddNode(op, inputs, [graph.UniqueName(op)], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value))).Outputs[0]!;
}
