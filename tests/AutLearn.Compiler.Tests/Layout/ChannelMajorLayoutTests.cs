using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Layout;
using AutLearn.Compiler.Tests.Passes;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Networks;

namespace AutLearn.Compiler.Tests.Layout;

/// <summary>Networks before and after the layout pass: the same scores and the same gradients, in other operators.</summary>
[Trait("Category", "Unit")]
public sealed class ChannelMajorLayoutTests
{
    private static readonly Dictionary<string, Func<NetworkBuilder, Value, Value>> Regions = new()
    {
        ["pointwise"] = (b, x) => Pool(b, Conv(b, "c", x, [5, 4, 1, 1])),
        ["pointwise, bias"] = (b, x) => Pool(b, Conv(b, "c", x, [5, 4, 1, 1], hasBias: true)),
        ["depthwise"] = (b, x) => Pool(b, Conv(b, "c", x, [4, 1, 3, 3], pad: 1, hasBias: true)),
        ["depthwise, stride 2"] = (b, x) => Pool(b, Conv(b, "c", x, [4, 1, 3, 3], stride: 2, pad: 1)),
        ["depthwise, 5x5"] = (b, x) => Pool(b, Conv(b, "c", x, [4, 1, 5, 5], pad: 2)),
        ["depthwise, dilated"] = (b, x) => Pool(b, Conv(b, "c", x, [4, 1, 3, 3], pad: 1, dilation: 2)),
        ["depthwise, same upper"] = (b, x) => Pool(b, Conv(b, "c", x, [4, 1, 3, 3], stride: 2, autoPad: "SAME_UPPER")),
        ["batch normalization"] = (b, x) => Pool(b, b.Convolution("c", x, 4, 6, 1, 1, 1, Activation.Relu)),
        ["separable block"] = (b, x) => Pool(b, b.Convolution("p", b.Convolution("d", x, 4, 4, 3, 1, 4, Activation.Relu), 4, 6, 1, 1, 1, Activation.Relu)),
        ["residual"] = (b, x) => Pool(b, b.Op("Add", "sum", [Conv(b, "c", x, [4, 4, 1, 1]), Conv(b, "d", x, [4, 1, 3, 3], pad: 1)])),
        ["scale per image and channel"] = (b, x) =>
        {
            Value y = Conv(b, "c", x, [4, 4, 1, 1]);
            Value gate = b.Op("Sigmoid", "gate", [Conv(b, "d", Pool(b, y, "squeezed"), [4, 4, 1, 1])]);
            return Pool(b, b.Op("Mul", "gated", [y, gate]));
        },
        ["scale per channel"] = (b, x) => Pool(b, b.Op("Mul", "scaled", [b.Graph.AddInput("s", new TensorType(ElementType.Float32, new Shape(5, 1, 1))), Conv(b, "c", x, [5, 4, 1, 1])])),
        ["scalar"] = (b, x) => Pool(b, b.Op("Div", "scaled", [Conv(b, "c", x, [5, 4, 1, 1]), b.Graph.AddInitializer("three", Tensor.Scalar(3f))])),
        ["pools"] = (b, x) =>
        {
            KeyValuePair<string, AttributeValue> kernel = new("kernel_shape", AttributeValue.Of(2L, 2L));
            Value y = b.Op("MaxPool", "max", [Conv(b, "c", x, [5, 4, 1, 1])], kernel);
            return b.Op("GlobalMaxPool", "y", [b.Op("AveragePool", "average", [y], kernel)]);
        },
        ["images as output"] = (b, x) => Conv(b, "d", Conv(b, "c", x, [6, 4, 1, 1]), [5, 6, 1, 1]),
        ["read outside too"] = (b, x) =>
        {
            Value y = Conv(b, "d", Conv(b, "c", x, [6, 4, 1, 1]), [2, 6, 1, 1]);
            return b.Op("Mul", "y", [b.Op("ReduceMax", "most", [y, b.Constant("axes", 2, 3)]), Pool(b, y, "mean")]);
        },
    };

    private static readonly (long Height, long Width)[] Sizes = [(4, 4), (8, 8), (7, 5), (13, 11), (12, 12)];

    public static TheoryData<string, int> Cases()
    {
        var data = new TheoryData<string, int>();
        foreach (string name in Regions.Keys)
        {
            for (int i = 0; i < Sizes.Length; i++)
                data.Add(name, i);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_RegionThatPays_KeepsScoresAndGradients(string name, int size)
    {
        OnnxModel before = Build(Regions[name], Sizes[size]), after = Build(Regions[name], Sizes[size]);
        Assert.True(new ChannelMajorLayout().Run(after));
        Assert.DoesNotContain(after.Graph.Nodes, n => n.Is("Conv") && n.Inputs[0]!.Shape!.Rank == 4);
        Assert.Contains(after.Graph.Nodes, n => n.Is("Transpose"));
        ModelChecker.Check(after);
        Assert.Equal(before.Graph.Outputs.Select(o => (o.Name, o.Type)), after.Graph.Outputs.Select(o => (o.Name, o.Type)));

        AddGradients(before);
        AddGradients(after);
        PassTests.AssertSameResults(before, after, 2e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_Twice_ChangesNothingMore(string name, int size)
    {
        OnnxModel model = Build(Regions[name], Sizes[size]);
        new ChannelMajorLayout().Run(model);
        byte[] once = OnnxFile.ToBytes(model);
        Assert.False(new ChannelMajorLayout().Run(model));
        Assert.Equal(once, OnnxFile.ToBytes(model));
    }

    [Theory]
    [InlineData("dense 3x3")]
    [InlineData("pointwise with stride")]
    [InlineData("pointwise between layers that stay")]
    [InlineData("no convolution")]
    [InlineData("unnamed batch")]
    [InlineData("symbolic plane")]
    public void Run_NothingToGain_ChangesNothing(string name)
    {
        OnnxModel model = name switch
        {
            "dense 3x3" => Build((b, x) => Pool(b, b.Convolution("c", x, 4, 6, 3, 1, 1, Activation.Relu)), (8, 8)),
            "pointwise with stride" => Build((b, x) => Pool(b, Conv(b, "c", x, [5, 4, 1, 1], stride: 2)), (8, 8)),
            "pointwise between layers that stay" => Build((b, x) => Pool(b, Conv(b, "e", Conv(b, "d", Conv(b, "c", x, [4, 4, 3, 3]), [5, 4, 1, 1]), [4, 5, 3, 3])), (8, 8)),
            "no convolution" => Build((b, x) => Pool(b, b.Op("Relu", "r", [x])), (8, 8)),
            "unnamed batch" => Build(Regions["separable block"], new Shape(Dimension.Unknown, 4, 8, 8)),
            _ => Build(Regions["separable block"], new Shape("N", 4, "H", "W")),
        };
        byte[] before = OnnxFile.ToBytes(model);
        Assert.False(new ChannelMajorLayout().Run(model));
        Assert.Equal(before, OnnxFile.ToBytes(model));
    }

    [Fact]
    public void Run_WideAndNarrowPlanes_PicksProductsForNarrowOnes()
    {
        OnnxModel narrow = Build(Regions["depthwise"], (8, 8)), wide = Build(Regions["depthwise"], (12, 12));
        new ChannelMajorLayout().Run(narrow);
        new ChannelMajorLayout().Run(wide);
        Assert.DoesNotContain(narrow.Graph.Nodes, n => n.Is("Conv"));
        Assert.Contains(wide.Graph.Nodes, n => n.Is("Conv") && n.Inputs[0]!.Shape!.Rank == 5);
    }

    [Fact]
    public void Run_FixedBatch_KeepsScores()
    {
        OnnxModel before = Build(Regions["separable block"], new Shape(3, 4, 6, 6)), after = Build(Regions["separable block"], new Shape(3, 4, 6, 6));
        Assert.True(new ChannelMajorLayout().Run(after));
        PassTests.AssertSameResults(before, after);
    }

    private static OnnxModel Build(Func<NetworkBuilder, Value, Value> build, (long Height, long Width) size) =>
        Build(build, new Shape("N", 4, size.Height, size.Width));

    // Every weight of more than one axis is fed, so that it can be differentiated by.
    private static OnnxModel Build(Func<NetworkBuilder, Value, Value> build, Shape image)
    {
        var builder = new NetworkBuilder("layout", 18, seed: 3);
        Value x = builder.Graph.AddInput("x", new TensorType(ElementType.Float32, image));
        OnnxModel model = builder.Build(build(builder, x));
        foreach (Value weight in model.Graph.Initializers.Where(i => i.ElementType == ElementType.Float32 && i.Shape!.Rank == 4).ToArray())
            model.Graph.MakeInput(weight);
        ShapeInference.Infer(model);
        return model;
    }

    // Of sum y^2, by all that is fed.
    private static void AddGradients(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        Value[] targets = [.. graph.Inputs];
        Node loss = graph.AddNode("ReduceSumSquare", [graph.Outputs[0]], ["loss"], [new("keepdims", AttributeValue.Of(0L))]);
        ShapeInference.InferNode(loss, model.Opset);
        IReadOnlyDictionary<Value, Value> gradients = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss.Outputs[0]!, targets);
        Assert.Equal(targets.Length, gradients.Count);
        foreach (Value target in targets)
        {
            Value named = graph.AddNode("Identity", [gradients[target]], [$"d{target.Name}"]).Outputs[0]!;
            named.Type = target.Type;
            graph.AddOutput(named);
        }
    }

    private static Value Pool(NetworkBuilder b, Value x, string name = "y") => b.Op("GlobalAveragePool", name, [x]);

    private static Value Conv(NetworkBuilder b, string name, Value x, long[] weight, long stride = 1, long pad = 0, long dilation = 1, string autoPad = "NOTSET", bool hasBias = false)
    {
        Value w = b.Normal($"{name}.weight", 0.5, weight);
        Value[] inputs = hasBias ? [x, w, b.Normal($"{name}.bias", 0.5, weight[0])] : [x, w];
        var attributes = new List<KeyValuePair<string, AttributeValue>>
        {
            new("strides", AttributeValue.Of(stride, stride)),
            new("dilations", AttributeValue.Of(dilation, dilation)),
            new("group", AttributeValue.Of(weight[1] == 1 ? weight[0] : 1)),
            new("auto_pad", AttributeValue.Of(autoPad)),
        };
        if (autoPad == "NOTSET")
            attributes.Add(new("pads", AttributeValue.Of(pad, pad, pad, pad)));
        return b.Op("Conv", $"{name}.out", inputs, [.. attributes]);
    }
}
