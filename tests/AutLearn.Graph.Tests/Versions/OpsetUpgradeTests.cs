using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Versions;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Versions;

/// <summary>Each old form runs in ONNX Runtime before and after the upgrade and must give the same numbers.</summary>
[Trait("Category", "Conformance")]
public sealed class OpsetUpgradeTests
{
    public static TheoryData<string, int, string> Cases => new()
    {
        { "Softmax", 9, "axis=1" },
        { "Softmax", 9, "" },
        { "Softmax", 11, "axis=-1" },
        { "LogSoftmax", 12, "axis=2" },
        { "Hardmax", 7, "axis=1" },
        { "Squeeze", 11, "axes=0" },
        { "Unsqueeze", 12, "axes=0,2" },
        { "ReduceSum", 11, "axes=1;keepdims=0" },
        { "ReduceSum", 8, "" },
        { "ReduceMean", 13, "axes=2,3" },
        { "ReduceMax", 12, "axes=-1" },
        { "ReduceL2", 17, "axes=1" },
        { "ReduceLogSumExp", 17, "axes=1" },
        { "Clip", 7, "min=-0.3;max=0.5" },
        { "Clip", 10, "max=0.1" },
        { "Pad", 10, "pads=0,0,1,2,0,0,0,1;value=1.5" },
        { "Pad", 7, "pads=0,0,1,1,0,0,1,1;mode=reflect" },
        { "Slice", 9, "starts=1,-2;ends=3,9;axes=1,3" },
        { "Slice", 7, "starts=0,1;ends=1,3" },
        { "Split", 11, "axis=1;split=1,3" },
        { "Split", 7, "axis=1" },
        { "Split", 13, "axis=1" },
        { "TopK", 9, "axis=1;k=2" },
        { "Dropout", 7, "ratio=0.3" },
        { "Dropout", 10, "ratio=0.3" },
        { "Upsample", 7, "scales=1.0,1.0,2.0,2.0;mode=nearest" },
        { "Upsample", 7, "scales=1.0,1.0,2.0,2.0;mode=linear" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Apply_OldForm_SameNumbers(string op, int opset, string attributes)
    {
        OnnxModel model = Build(op, opset, attributes);
        byte[] before = OnnxFile.ToBytes(model);
        Assert.True(OpsetUpgrade.Apply(model));
        Assert.Equal(OpsetUpgrade.Canonical, model.Opset);
        ShapeInference.Infer(model);
        (float[] Data, long[] Shape)[] expected = Run(before);
        (float[] Data, long[] Shape)[] actual = Run(OnnxFile.ToBytes(model));
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Shape, actual[i].Shape);

            // A reduction may run in another order when its axes come as an input.
            Assert.All(expected[i].Data.Zip(actual[i].Data), p => Assert.Equal(p.First, p.Second, 1e-6f));
            Assert.Equal(Shape.Of(expected[i].Shape), model.Graph.Outputs[i].Shape);
        }
    }

    [Fact]
    public void Apply_ResizeOfOpset10_SameNumbers()
    {
        OnnxModel model = Build("Resize", 10, "mode=nearest", Tensor.Vector(1f, 1f, 2f, 3f));
        byte[] before = OnnxFile.ToBytes(model);
        OpsetUpgrade.Apply(model);
        Assert.Equal(Run(before)[0].Data, Run(OnnxFile.ToBytes(model))[0].Data);
    }

    [Fact]
    public void Apply_BatchNormalizationWithUnusedStatistics_KeepsOneOutput()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(1, 4, 3, 5)));
        Value[] parameters = [.. Enumerable.Range(0, 4).Select(i => graph.AddInitializer($"p{i}", Tensor.Vector(1f, 2f, 3f, 4f)))];
        Node node = graph.AddNode("BatchNormalization", [x, .. parameters], ["y", "m", "v"], [KeyValuePair.Create("spatial", AttributeValue.Of(1L))]);
        graph.AddOutput(node.Output(0)!);
        var model = new OnnxModel(graph, 7);
        OpsetUpgrade.Apply(model);
        Node upgraded = Assert.Single(model.Graph.Nodes);
        Assert.Single(upgraded.Outputs);
        Assert.Single(Run(OnnxFile.ToBytes(model)));
    }

    [Fact]
    public void Apply_SeveralRefused_AreAllNamed()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(1, 4)));
        foreach (string name in (string[])["first", "second"])
        {
            Node node = graph.AddNode("Dropout", [x], [name, name + "_mask"], null, "", name);
            graph.AddOutput(node.Output(0)!);
            graph.AddOutput(node.Output(1)!);
        }

        InvalidModelException error = Assert.Throws<InvalidModelException>(() => OpsetUpgrade.Apply(new OnnxModel(graph, 9)));
        Assert.Contains("'first'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'second'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_NewModel_IsLeftAlone()
    {
        OnnxModel model = Build("Relu", 18, "");
        byte[] before = OnnxFile.ToBytes(model);
        Assert.False(OpsetUpgrade.Apply(model));
        Assert.Equal(before, OnnxFile.ToBytes(model));
    }

    private static OnnxModel Build(string op, int opset, string attributes, Tensor? second = null)
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(1, 4, 3, 5)));
        List<Value?> inputs = [x];
        if (second is not null)
            inputs.Add(graph.AddInitializer("second", second));
        string[] outputs = op is "Split" or "TopK" ? ["y", "z"] : ["y"];
        Node node = graph.AddNode(op, inputs, outputs, attributes.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(Attribute), "", "node");
        graph.AddOutput(node.Output(0)!);
        if (op == "Split")
            graph.AddOutput(node.Output(1)!);
        var model = new OnnxModel(graph, opset) { IrVersion = 8 };
        ShapeInference.Infer(model);
        return model;
    }

    private static KeyValuePair<string, AttributeValue> Attribute(string text)
    {
        string[] pair = text.Split('=');
        AttributeValue value = pair[0] switch
        {
            "mode" => AttributeValue.Of(pair[1]),
            "axis" or "keepdims" or "k" => AttributeValue.Of(long.Parse(pair[1])),
            "min" or "max" or "value" or "ratio" => AttributeValue.Of(float.Parse(pair[1])),
            "scales" => AttributeValue.Of([.. pair[1].Split(',').Select(float.Parse)]),
            _ => AttributeValue.Of([.. pair[1].Split(',').Select(long.Parse)]),
        };
        return KeyValuePair.Create(pair[0], value);
    }

    private static (float[] Data, long[] Shape)[] Run(byte[] model)
    {
        using var session = new InferenceSession(model);
        float[] data = [.. Enumerable.Range(0, 60).Select(i => MathF.Sin(i * 1.7f))];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(data, [1, 4, 3, 5]);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["x"], [input], [.. session.OutputNames]);
        return [.. outputs.Select(o => (o.GetTensorDataAsSpan<float>().ToArray(), o.GetTensorTypeAndShape().Shape))];
    }
}
