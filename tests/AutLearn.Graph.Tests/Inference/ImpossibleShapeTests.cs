using System.Globalization;
using AutLearn.Graph.Inference;

namespace AutLearn.Graph.Tests.Inference;

/// <summary>Nodes that ask for what no tensor can be are refused by a message that names the node and what is wrong.</summary>
[Trait("Category", "Unit")]
public sealed class ImpossibleShapeTests
{
    // Inputs: f = Float32 of a shape, i and s = constant integers and real numbers, n and r = one of them as a scalar, _ = left out.
    [Theory]
    [InlineData("Resize", "f:1,3,4,4 _ s:1,1,NaN,2", "", "scale NaN")]
    [InlineData("Resize", "f:1,3,4,4 _ s:1,1,-3,2", "", "scale -3")]
    [InlineData("Resize", "f:1,3,4,4 _ s:1,1,0,2", "", "scale 0")]
    [InlineData("Resize", "f:1,3,4,4 _ s:1,1,Infinity,2", "", "scale Infinity")]
    [InlineData("Resize", "f:1,3,4,4 _ s:1,1,1e38,2", "", "no machine can hold")]
    [InlineData("Resize", "f:1,3,4,4 _ s:2,2", "", "2 scales for 4 axes")]
    [InlineData("Resize", "f:1,3,4,4 _ _ i:1,3,-8,8", "", "target size -8")]
    [InlineData("Resize", "f:1,3,4,4 _ _ i:8,8", "", "2 sizes for 4 axes")]
    [InlineData("Resize", "f:1,3,4,4 _ _ i:8,8", "axes=2,2", "axis 2 twice")]
    [InlineData("Upsample", "f:1,3,4,4 s:1,1,-1,2", "", "scale -1")]
    [InlineData("Tile", "f:2,3 i:1,-5", "", "repeats -5")]
    [InlineData("Tile", "f:2,3 i:1,9223372036854775807", "", "no machine can hold")]
    [InlineData("Tile", "f:2,3 i:1", "", "repeats [2,3] by 1 numbers")]
    [InlineData("OneHot", "f:4 n:-5 s:0,1", "", "depth -5")]
    [InlineData("OneHot", "f:4 n:0 s:0,1", "", "depth 0")]
    [InlineData("OneHot", "f:4 n:9223372036854775807 s:0,1", "", "no machine can hold")]
    [InlineData("TopK", "f:2,10 i:9223372036854775807", "", "no machine can hold")]
    [InlineData("TopK", "f:2,10 i:11", "", "more than axis 1")]
    [InlineData("TopK", "f:2,10 i:-1", "", "k -1")]
    [InlineData("TopK", "f: i:1", "", "axis -1, which a tensor of rank 0 lacks")]
    [InlineData("Range", "n:0 n:5 n:0", "", "delta 0")]
    [InlineData("Range", "r:0 r:5 r:0", "", "delta 0")]
    [InlineData("Range", "r:0 r:NaN r:1", "", "limit NaN")]
    [InlineData("Range", "n:-9223372036854775808 n:9223372036854775807 n:1", "", "no machine can hold")]
    [InlineData("Pad", "f:2,3 i:0,-2,0,-2", "", "removes more than there is")]
    [InlineData("Pad", "f:2,3 i:0,-5,0,5", "", "removes more than there is")]
    [InlineData("Pad", "f:2,3 i:0,9223372036854775807,0,9223372036854775807", "", "no machine can hold")]
    [InlineData("Pad", "f:2,3 i:0,3,0,0", "mode=reflect", "reflects axis 1")]
    [InlineData("Pad", "f:2,3 i:1,1,1,1 _ i:0,-2", "", "axis -2 twice")]
    [InlineData("Slice", "f:4,4 i:0 i:2,2 i:0", "", "1 axes by 1 starts, 2 ends")]
    [InlineData("Slice", "f:4,4 i:0,0 i:2,2 i:1,-1", "", "axis -1 twice")]
    [InlineData("Slice", "f:4,4 i:0 i:2 i:0 i:0", "", "step 0")]
    [InlineData("Split", "f:4,4 i:1,2", "", "together 3")]
    [InlineData("Split", "f:4,4 i:-1,5", "", "part of size -1")]
    [InlineData("Split", "f:4,4 i:9223372036854775807,5", "", "no machine can hold")]
    [InlineData("Split", "f:4,4", "num_outputs=3", "3 parts and has 2 outputs")]
    [InlineData("Split", "f: i:1,1", "", "rank 0")]
    [InlineData("Expand", "f:1,3 i:-4,3", "", "target size -4")]
    [InlineData("Expand", "f:1,3 i:9223372036854775807,3", "", "no machine can hold")]
    [InlineData("Reshape", "f:2,3 i:9223372036854775807", "", "no machine can hold")]
    [InlineData("Reshape", "f:2,3 i:0,-1", "allowzero=1", "beside one of size 0")]
    [InlineData("Reshape", "f:2,3 i:-2,3", "", "reshapes to -2")]
    [InlineData("Concat", "f: f:", "axis=0", "rank 0")]
    [InlineData("Gather", "f:5 i:7", "", "index 7")]
    [InlineData("Gather", "f:5 i:-6", "", "index -6")]
    [InlineData("GatherND", "f:2,2 f:1,2", "batch_dims=9223372036854775807", "batch_dims")]
    [InlineData("GatherElements", "f:2,2 f:2,2", "axis=2", "axis 2")]
    [InlineData("ConstantOfShape", "i:2,-3", "", "target size -3")]
    [InlineData("ConstantOfShape", "i:9223372036854775807", "", "no machine can hold")]
    [InlineData("DepthToSpace", "f:1,8,2,2", "blocksize=0", "blocksize 0")]
    [InlineData("DepthToSpace", "f:1,8,2,2", "blocksize=9223372036854775807", "blocksize")]
    [InlineData("DepthToSpace", "f:1,8,2,2", "blocksize=3", "9 does not divide")]
    [InlineData("DepthToSpace", "f:8,2,2", "blocksize=2", "rank 4")]
    [InlineData("SpaceToDepth", "f:1,8,3,2", "blocksize=2", "2 does not divide")]
    [InlineData("SpaceToDepth", "f:1,8,2,2", "blocksize=-2", "blocksize -2")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "strides=0,1", "strides 0")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "strides=1,9223372036854775807", "strides 9223372036854775807")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "strides=1,9223372036854775807;auto_pad=SAME_UPPER", "strides 9223372036854775807")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "dilations=-1,1", "dilations -1")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "pads=-1,0,0,0", "pads -1")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "pads=0,9223372036854775807,0,1", "pads")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "kernel_shape=5,5", "in kernel_shape")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "kernel_shape=-3,3", "kernel_shape -3")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,0,3", "", "kernel of size 0")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,9,9", "", "window of 9")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "group=-1", "group -1")]
    [InlineData("Conv", "f:1,1,8,8 f:1,1,3,3", "auto_pad=SAME", "auto_pad 'SAME'")]
    [InlineData("ConvTranspose", "f:1,1,2,2 f:1,1,3,3", "pads=4,4,4,4", "negative")]
    [InlineData("ConvTranspose", "f:1,1,2,2 f:1,1,3,3", "output_padding=-1,0", "output_padding -1")]
    [InlineData("ConvTranspose", "f:1,1,2,2 f:1,1,3,3", "output_shape=-1,5", "output_shape")]
    [InlineData("ConvTranspose", "f:1,1,2,2 f:1,1,3,3", "strides=-2,1", "strides -2")]
    [InlineData("ConvTranspose", "f:1,1,2,2 f:1,1,3,3", "group=0", "group 0")]
    [InlineData("ConvTranspose", "f:1,3,2,2 f:3,1,3,3", "group=2", "group 2 does not divide")]
    [InlineData("MaxPool", "f:1,1,8,8", "kernel_shape=0,2", "kernel_shape 0")]
    [InlineData("MaxPool", "f:1,1,8,8", "kernel_shape=2,2;strides=0,2", "strides 0")]
    [InlineData("MaxPool", "f:1,1,8,8", "kernel_shape=2,2;pads=2,0,0,0", "pads 2 and 0")]
    [InlineData("AveragePool", "f:1,1,8,8", "kernel_shape=9223372036854775807,2", "kernel_shape")]
    [InlineData("AveragePool", "f:1,1,8,8", "kernel_shape=2", "1 numbers where 2")]
    [InlineData("LSTM", "f:5,2,3 f:1,16,3 f:1,16,4", "hidden_size=9223372036854775807", "hidden_size 9223372036854775807")]
    [InlineData("GRU", "f:5,2,3 f:1,12,3 f:1,12,4", "hidden_size=-4", "hidden_size -4")]
    [InlineData("RNN", "f:5,2,3 f:1,4,3 f:1,4,4", "hidden_size=0", "hidden_size 0")]
    [InlineData("LSTM", "f:5,2,3 f:1,16,3 f:1,16,4", "direction=both", "direction 'both'")]
    [InlineData("RandomUniform", "", "shape=2,-2", "size -2")]
    [InlineData("Cast", "f:2", "to=99", "to 99")]
    [InlineData("Cast", "f:2", "to=9223372036854775807", "to 9223372036854775807")]
    [InlineData("Einsum", "f:2,3", "equation=ij->ii", "one letter twice")]
    [InlineData("Gemm", "f:1,3 f:3,4 f:2,4", "", "cannot broadcast")]
    [InlineData("ArgMax", "f:", "axis=0", "rank 0")]
    [InlineData("Flatten", "f:2,3", "axis=9223372036854775807", "axis 9223372036854775807")]
    [InlineData("Scan", "f:2,3", "num_scan_inputs=9223372036854775807", "num_scan_inputs")]
    public void InferNode_WhatNoTensorCanBe_SaysWhat(string op, string inputs, string attributes, string what)
    {
        Node node = Build(op, inputs, attributes, op == "Split" ? 2 : 1);
        InvalidModelException error = Assert.Throws<InvalidModelException>(() => ShapeInference.InferNode(node, op == "Upsample" ? 9 : 18));
        Assert.Equal("the_node", error.NodeName);
        Assert.Contains("the_node", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Null(error.InnerException);
    }

    [Theory]
    [InlineData("Resize", "f:1,3,10,10 _ s:1,1,0.7,1.5", "", "1,3,7,15")]
    [InlineData("Resize", "f:1,3,4,4 _ _ i:8,6", "axes=3,2", "1,3,6,8")]
    [InlineData("Resize", "f:1,3,4,4 _ _ i:8,6", "axes=3,2;keep_aspect_ratio_policy=not_larger", "1,3,6,6")]
    [InlineData("Resize", "f:1,3,4,4 s:0,0,0,0,1,1,1,1 s:1,1,2,2", "coordinate_transformation_mode=tf_crop_and_resize", "?,?,?,?")]
    [InlineData("Split", "f:5,2", "num_outputs=4", "?,2")]
    [InlineData("Split", "f:5,2", "num_outputs=3", "2,2")]
    [InlineData("Range", "n:10 n:0 n:-3", "", "4")]
    [InlineData("Range", "n:0 n:10 n:-3", "", "0")]
    [InlineData("Range", "n:-9223372036854775808 n:9223372036854775807 n:9223372036854775807", "", "3")]
    [InlineData("Pad", "f:2,3 i:0,-1,0,-2", "", "2,0")]
    [InlineData("Slice", "f:4,4 i:9223372036854775807 i:-9223372036854775808 i:0 i:-1", "", "4,4")]
    [InlineData("Slice", "f:4,4 i:-1 i:-9223372036854775808 i:0 i:-9223372036854775808", "", "1,4")]
    [InlineData("TopK", "f:2,10 i:10", "", "2,10")]
    [InlineData("Tile", "f:2,3 i:0,2", "", "0,6")]
    [InlineData("Gather", "f:5 i:-5,4", "", "2")]
    [InlineData("MaxPool", "f:1,1,8,8", "kernel_shape=2,2;strides=2147483647,1", "1,1,1,7")]
    [InlineData("ReduceSum", "f:", "axes=0", "")]
    public void InferNode_AtTheEdge_GivesTheShape(string op, string inputs, string attributes, string shape)
    {
        Node node = Build(op, inputs, attributes, op == "Split" ? attributes[^1] - '0' : 1);
        ShapeInference.InferNode(node, op == "ReduceSum" ? 11 : 18);
        Assert.Equal($"[{shape}]", node.Output(0)!.Shape!.ToString());
    }

    [Fact]
    public void Infer_SizesHalvedAsRealNumbers_AreNotTakenForWhole()
    {
        // 5 / 2 * 2 is 5 among real numbers and 4 among integers.
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(5)));
        Value two = Cast(graph.AddInitializer("two", Tensor.Vector(2L)), ElementType.Float32);
        Value half = Op("Div", Cast(Op("Shape", x), ElementType.Float32), two);
        Value target = Cast(Op("Mul", half, two), ElementType.Int64);
        Value y = Op("ConstantOfShape", target);
        graph.AddOutput(y);
        ShapeInference.Infer(new OnnxModel(graph, 18));
        Assert.Equal(new Shape(Dimension.Unknown), y.Shape);

        Value Op(string op, params Value[] inputs) => graph.AddNode(op, inputs, [graph.UniqueName(op)]).Outputs[0]!;

        Value Cast(Value value, ElementType to) => graph.AddNode("Cast", [value], [graph.UniqueName("cast")], [new("to", AttributeValue.Of((long)to))]).Outputs[0]!;
    }

    [Fact]
    public void Infer_JoinedSizesBeyondAnyMachine_AreRefused()
    {
        Node node = Build("Concat", string.Join(' ', Enumerable.Repeat("f:500000000000000000", 40)), "axis=0", 1);
        Assert.Contains("no machine can hold", Assert.Throws<InvalidModelException>(() => ShapeInference.InferNode(node, 18)).Message, StringComparison.Ordinal);
    }

    private static Node Build(string op, string inputs, string attributes, int outputs)
    {
        var graph = new OnnxGraph("g");
        Value?[] values = [.. inputs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((text, i) => Input(graph, $"x{i}", text))];
        return graph.AddNode(op, values, Enumerable.Range(0, outputs).Select(o => $"y{o}"), Attributes(attributes), "", "the_node");
    }

    private static Value? Input(OnnxGraph graph, string name, string text)
    {
        string[] numbers = text.Length > 2 ? text[2..].Split(',') : [];
        long[] integers = text[0] is 's' or 'r' ? [] : [.. numbers.Select(n => long.Parse(n, CultureInfo.InvariantCulture))];
        float[] reals = [.. numbers.Select(n => float.Parse(n, CultureInfo.InvariantCulture))];
        return text[0] switch
        {
            'f' => graph.AddInput(name, new TensorType(ElementType.Float32, Shape.Of(integers))),
            'i' => graph.AddInitializer(name, Tensor.Vector<long>(integers)),
            's' => graph.AddInitializer(name, Tensor.Vector<float>(reals)),
            'n' => graph.AddInitializer(name, Tensor.Scalar(integers[0])),
            'r' => graph.AddInitializer(name, Tensor.Scalar(reals[0])),
            _ => null,
        };
    }

    private static IEnumerable<KeyValuePair<string, AttributeValue>> Attributes(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], Attribute(p[0], p[1])));

    private static AttributeValue Attribute(string name, string text) => name switch
    {
        "auto_pad" or "equation" or "mode" or "direction" or "keep_aspect_ratio_policy" or "coordinate_transformation_mode" => AttributeValue.Of(text),
        "strides" or "pads" or "dilations" or "kernel_shape" or "output_padding" or "output_shape" or "shape" or "axes" =>
            AttributeValue.Of([.. text.Split(',').Select(n => long.Parse(n, CultureInfo.InvariantCulture))]),
        _ => AttributeValue.Of(long.Parse(text, CultureInfo.InvariantCulture)),
    };
}
