using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using CsCheck;

namespace AutLearn.Graph.Tests.Inference;

[Trait("Category", "Unit")]
public sealed class ShapeInferenceTests
{
    [SkippableFact]
    public void Infer_MobileNet_EveryValueHasAShape()
    {
        OnnxModel model = OnnxFile.Read(TestData.PathOrSkip("mobilenet/mobilenet_v1_0.75_224.onnx"));
        foreach (Value value in model.Graph.Values.Where(v => v.Producer is not null))
            value.Type = null;
        ShapeInference.Infer(model);
        Assert.All(model.Graph.Values, v => Assert.NotNull(v.Shape));
        string batch = model.Graph.Inputs[0].Shape![0].Symbol!;
        Assert.Equal(new Shape(batch, 1000), model.Graph.Find("logits")!.Shape);
        Assert.Equal(new Shape(batch, 768), model.Graph.Find("features")!.Shape);
    }

    [Fact]
    public void Infer_ExportedFlatten_CancelsSymbols()
    {
        // x [N,20,H,4] -> Shape -> Gather 0 -> Concat with -1 -> Reshape, then back.
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 20, "H", 4)));
        Value zero = graph.AddInitializer("zero", Tensor.Scalar(0L));
        Value axis = graph.AddInitializer("axis", Tensor.Vector(0L));
        Value free = graph.AddInitializer("free", Tensor.Vector(-1L));
        Value shape = Add(graph, "Shape", [x], "s");
        Value batch = Add(graph, "Unsqueeze", [Add(graph, "Gather", [shape, zero], "n"), axis], "n1");
        Value flat = Add(graph, "Reshape", [x, Add(graph, "Concat", [batch, free], "target", ("axis", AttributeValue.Of(0L)))], "flat");
        Value back = Add(graph, "Reshape", [flat, graph.AddInitializer("back_shape", Tensor.Vector(-1L, 20, 1, 4))], "back");
        Value merged = Add(graph, "Reshape", [x, graph.AddInitializer("merged_shape", Tensor.Vector(-1L, 4))], "merged");
        graph.AddOutput(back);
        ShapeInference.Infer(new OnnxModel(graph, 18));
        Assert.Equal(new Shape("N", "80*H"), flat.Shape);
        Assert.Equal(new Shape("20*H*N", 4), merged.Shape);
        Assert.Equal(new Shape("H*N", 20, 1, 4), back.Shape);
    }

    [Fact]
    public void Infer_SizesFromASplitShape_AreFollowed()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6, 4)));
        Node sizes = graph.AddNode("Split", [Add(graph, "Shape", [x], "s"), graph.AddInitializer("parts", Tensor.Vector(1L, 2L))], ["n", "rest"]);
        Value swapped = Add(graph, "Concat", [sizes.Output(1), sizes.Output(0)], "target", ("axis", AttributeValue.Of(0L)));
        Value y = Add(graph, "Reshape", [x, swapped], "y");
        graph.AddOutput(y);
        ShapeInference.Infer(new OnnxModel(graph, 18));
        Assert.Equal(new Shape(6, 4, "N"), y.Shape);
    }

    [Theory]
    [InlineData("Conv", "1,3,11,13", "8,3,3,3", "1,8,5,6", "strides=2,2")]
    [InlineData("Conv", "2,4,9", "6,2,3", "2,6,9", "group=2;pads=1,1")]
    [InlineData("Conv", "1,3,10,10", "8,3,3,3", "1,8,5,5", "strides=2,2;auto_pad=SAME_UPPER")]
    [InlineData("ConvTranspose", "1,3,5,5", "3,4,3,3", "1,4,12,12", "strides=2,2;output_padding=1,1")]
    [InlineData("MatMul", "7,1,2,3", "5,3,4", "7,5,2,4", "")]
    [InlineData("MatMul", "3", "3,4", "4", "")]
    [InlineData("Gemm", "3,2", "4,3", "2,4", "transA=1;transB=1")]
    [InlineData("Add", "4,1,3", "5,1", "4,5,3", "")]
    [InlineData("Einsum", "2,3", "3,4", "2,4", "equation=ij,jk->ik")]
    [InlineData("GridSample", "2,3,4,5", "2,6,7,2", "2,3,6,7", "")]
    [InlineData("GridSample", "2,3,4,5,6", "2,6,7,8,3", "2,3,6,7,8", "")]
    public void InferNode_TwoInputs_GivesTheShape(string op, string first, string second, string expected, string attributes)
    {
        var graph = new OnnxGraph("g");
        Value a = graph.AddInput("a", new TensorType(ElementType.Float32, ShapeOf(first)));
        Value b = graph.AddInput("b", new TensorType(ElementType.Float32, ShapeOf(second)));
        Node node = graph.AddNode(op, [a, b], ["y"], Attributes(attributes));
        ShapeInference.InferNode(node, 18);
        Assert.Equal(ShapeOf(expected), node.Output(0)!.Shape);
        Assert.Equal(ElementType.Float32, node.Output(0)!.ElementType);
    }

    [Theory]
    [InlineData("MaxPool", "1,3,10,10", "1,3,5,5", "kernel_shape=3,3;strides=2,2;ceil_mode=1")]
    [InlineData("MaxPool", "1,3,10,10", "1,3,4,4", "kernel_shape=3,3;strides=2,2")]
    [InlineData("AveragePool", "1,3,4,4", "1,3,2,2", "kernel_shape=2,2;strides=3,3;ceil_mode=1;pads=1,1,1,1")]
    [InlineData("GlobalAveragePool", "2,5,7,9", "2,5,1,1", "")]
    [InlineData("GlobalLpPool", "2,5,7,9", "2,5,1,1", "")]
    [InlineData("Det", "2,3,4,4", "2,3", "")]
    [InlineData("MeanVarianceNormalization", "2,3,4,4", "2,3,4,4", "")]
    [InlineData("Flatten", "2,3,4", "6,4", "axis=2")]
    [InlineData("Transpose", "2,3,4", "4,2,3", "perm=2,0,1")]
    [InlineData("DepthToSpace", "1,8,2,3", "1,2,4,6", "blocksize=2")]
    [InlineData("ReduceMean", "2,3,4", "2,1,4", "axes=1")]
    [InlineData("Softmax", "2,3,4", "2,3,4", "axis=1")]
    [InlineData("ArgMax", "2,3,4", "2,4", "axis=1;keepdims=0")]
    public void InferNode_OneInput_GivesTheShape(string op, string input, string expected, string attributes)
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, ShapeOf(input)));
        Node node = graph.AddNode(op, [x], ["y"], Attributes(attributes));
        ShapeInference.InferNode(node, 13);
        Assert.Equal(ShapeOf(expected), node.Output(0)!.Shape);
    }

    [Fact]
    public void Infer_Scan_StacksAlongTheSequence()
    {
        var graph = new OnnxGraph("g");
        Value start = graph.AddInput("start", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value steps = graph.AddInput("steps", new TensorType(ElementType.Float32, new Shape("N", "T", 4)));
        var body = new OnnxGraph("body", graph);
        Value state = body.AddInput("state", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value step = body.AddInput("step", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value sum = body.AddNode("Add", [state, step], ["sum"]).Outputs[0]!;
        body.AddOutput(sum);
        body.AddOutput(body.AddNode("ReduceSum", [sum], ["total"], [new("keepdims", AttributeValue.Of(0L))]).Outputs[0]!);
        body.AddOutput(body.AddNode("Identity", [sum], ["copy"]).Outputs[0]!);
        Node scan = graph.AddNode("Scan", [start, steps], ["last", "totals", "sums"],
        [
            new("body", AttributeValue.Of(body)),
            new("num_scan_inputs", AttributeValue.Of(1L)),
            new("scan_input_axes", AttributeValue.Of([1L])),
            new("scan_output_axes", AttributeValue.Of([0L, -2L])),
        ]);
        foreach (Value? output in scan.Outputs)
            graph.AddOutput(output!);
        ShapeInference.Infer(new OnnxModel(graph, 18));
        Assert.Equal(new Shape("N", 4), scan.Outputs[0]!.Shape);
        Assert.Equal(new Shape("T"), scan.Outputs[1]!.Shape);
        Assert.Equal(new Shape("N", "T", 4), scan.Outputs[2]!.Shape);
    }

    [Theory]
    [InlineData("Add", "2,3", "4,3")]
    [InlineData("MatMul", "2,3", "4,5")]
    [InlineData("Gemm", "2,3,4", "4,5")]
    [InlineData("Conv", "1,3,8,8", "4,5,3,3")]
    [InlineData("Concat", "2,3", "2")]
    public void InferNode_Contradiction_NamesTheNode(string op, string first, string second)
    {
        var graph = new OnnxGraph("g");
        Value a = graph.AddInput("a", new TensorType(ElementType.Float32, ShapeOf(first)));
        Value b = graph.AddInput("b", new TensorType(ElementType.Float32, ShapeOf(second)));
        Node node = graph.AddNode(op, [a, b], ["y"], [], "", "the_node");
        InvalidModelException error = Assert.Throws<InvalidModelException>(() => ShapeInference.InferNode(node, 18));
        Assert.Equal("the_node", error.NodeName);
    }

    [Fact]
    public void InferNode_AnyMalformedNode_OnlyInvalidModel()
    {
        string[] ops =
        [
            "Conv", "ConvTranspose", "MaxPool", "Gemm", "MatMul", "Reshape", "Slice", "Split", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Gather", "GatherND",
            "Pad", "Tile", "Resize", "TopK", "ReduceSum", "Expand", "LSTM", "OneHot", "Range", "ConstantOfShape", "Einsum", "Flatten", "DepthToSpace", "BatchNormalization",
            "GRU", "RNN", "AveragePool", "LpPool", "GlobalAveragePool", "SpaceToDepth", "Upsample", "GatherElements", "ArgMax", "ReduceMean", "Scan", "RandomUniform", "EyeLike", "Cast", "Shape",
            "LayerNormalization", "Where", "Add", "Sum", "Dropout", "NonZero", "ScatterND", "SoftmaxCrossEntropyLoss", "Constant", "If",
        ];
        string[] names = ["axis", "axes", "perm", "kernel_shape", "strides", "pads", "dilations", "group", "split", "blocksize", "equation", "k", "batch_dims", "auto_pad", "scales", "hidden_size", "output_shape", "output_padding", "kernel_shape", "direction", "num_outputs", "num_scan_inputs", "to", "dtype", "shape", "stash_type", "mode", "axes", "value_int"];
        Gen<long> size = Gen.OneOf(Gen.Long[-3, 6], Const(long.MaxValue, long.MinValue, int.MaxValue));
        Gen<AttributeValue> attribute = Gen.OneOf(
            size.Select(i => AttributeValue.Of(i)),
            size.Array[0, 4].Select(i => AttributeValue.Of(i)),
            Const("ij,jk->ik", "SAME_UPPER", "", "i->q").Select(s => AttributeValue.Of(s)));
        Gen.Select(Const(ops), Gen.Int[0, 6].Array[0, 5].Array[0, 4], size.Array[0, 5].Array[0, 3], Gen.Select(Const(names), attribute).Array[0, 4]).Sample(
            t =>
            {
                var graph = new OnnxGraph("g");
                var inputs = new List<Value?>();
                foreach (int[] shape in t.Item2)
                    inputs.Add(graph.AddInput($"x{inputs.Count}", new TensorType(ElementType.Float32, Shape.Of([.. shape.Select(s => (long)s)]))));
                foreach (long[] numbers in t.Item3)
                    inputs.Add(graph.AddInitializer($"i{inputs.Count}", Tensor.Vector(numbers)));
                var attributes = t.Item4.GroupBy(a => a.Item1).ToDictionary(a => a.Key, a => a.First().Item2);
                Node node = graph.AddNode(t.Item1, inputs, ["a", "b", "c"], attributes);
                try
                {
                    ShapeInference.InferNode(node, 18);
                }
                catch (InvalidModelException error)
                {
                    // A message of its own for each: what a collection or a number says about itself tells a reader nothing.
                    Assert.Null(error.InnerException);
                }
            },
            iter: 20000);
    }

    private static Value Add(OnnxGraph graph, string op, Value?[] inputs, string name, params (string, AttributeValue)[] attributes) =>
        graph.AddNode(op, inputs, [name], attributes.Select(a => KeyValuePair.Create(a.Item1, a.Item2))).Output(0)!;

    private static Gen<T> Const<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Shape ShapeOf(string sizes) => Shape.Of([.. sizes.Split(',').Select(long.Parse)]);

    private static IEnumerable<KeyValuePair<string, AttributeValue>> Attributes(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split('=', 2)).Select(p => KeyValuePair.Create(
            p[0],
            p[0] is "auto_pad" or "equation" ? AttributeValue.Of(p[1])
                : p[0] is "group" or "axis" or "keepdims" or "ceil_mode" or "transA" or "transB" or "blocksize" ? AttributeValue.Of(long.Parse(p[1]))
                : AttributeValue.Of([.. p[1].Split(',').Select(long.Parse)])));
}
