using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Versions;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Versions;

/// <summary>Opsets that ONNX Runtime does not promise to run: read, raised, and then run with the meaning of their time.</summary>
[Trait("Category", "Conformance")]
public sealed class LegacyUpgradeTests
{
    [Theory]
    [InlineData(0, new[] { 0f, 10, 20, 30, 41, 51, 61, 71 })]
    [InlineData(1, new[] { 0f, 10, 21, 31, 40, 50, 61, 71 })]
    [InlineData(null, new[] { 0f, 11, 20, 31, 40, 51, 60, 71 })]
    public void Apply_BroadcastByAxis_AddsAlongIt(int? axis, float[] expected)
    {
        OnnxModel model = Model(
            6,
            "Add",
            [new TensorType(ElementType.Float32, new Shape(2, 2, 2)), new TensorType(ElementType.Float32, new Shape(2))],
            [("broadcast", AttributeValue.Of(1L)), .. axis is { } a ? ((string, AttributeValue)[])[("axis", AttributeValue.Of((long)a))] : []]);
        float[] x = [0, 10, 20, 30, 40, 50, 60, 70];
        float[] y = Run(model, (x, [2, 2, 2]), ([0, 1], [2]));
        Assert.Equal(expected, y);
    }

    [Fact]
    public void Apply_SlopeOfEachChannel_StandsAgainstTheChannels()
    {
        OnnxModel model = Model(6, "PRelu", [new TensorType(ElementType.Float32, new Shape(1, 2, 2)), new TensorType(ElementType.Float32, new Shape(2))], []);
        Assert.Equal([-0.5f, -1, -2, -4], Run(model, ([-1, -2, -1, -2], [1, 2, 2]), ([0.5f, 2], [2])));
    }

    [Fact]
    public void Apply_ShapeAsAttribute_BecomesAnInput()
    {
        OnnxModel model = Model(1, "Reshape", [new TensorType(ElementType.Float32, new Shape(2, 3))], [("shape", AttributeValue.Of(3L, -1L)), ("consumed_inputs", AttributeValue.Of(0L, 0L))]);
        Assert.Equal([1, 2, 3, 4, 5, 6], Run(model, ([1, 2, 3, 4, 5, 6], [2, 3])));
        Assert.Equal(2, model.Graph.Nodes[0].Inputs.Count);
    }

    [Fact]
    public void Apply_NormalisationByTheBatch_IsRefusedByName()
    {
        TensorType vector = new(ElementType.Float32, new Shape(2));
        OnnxModel model = Model(6, "BatchNormalization", [new TensorType(ElementType.Float32, new Shape(1, 2, 2)), vector, vector, vector, vector], []);
        InvalidModelException error = Assert.Throws<InvalidModelException>(() => OpsetUpgrade.Apply(model));
        Assert.Contains("is_test = 0", error.Message, StringComparison.Ordinal);
    }

    private static OnnxModel Model(long opset, string op, TensorType[] inputs, (string Name, AttributeValue Value)[] attributes)
    {
        var graph = new OnnxGraph("old");
        Value[] values = [.. inputs.Select((t, i) => graph.AddInput($"x{i}", t))];
        Node node = graph.AddNode(op, values, ["y"], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)));
        node.Outputs[0]!.Type = new TensorType(ElementType.Float32, null);
        graph.AddOutput(node.Outputs[0]!);
        var model = new OnnxModel(graph, opset) { IrVersion = 3 };
        ModelChecker.Check(model);
        return OnnxFile.Read(OnnxFile.ToBytes(model), "old.onnx");
    }

    private static float[] Run(OnnxModel model, params (float[] Data, long[] Shape)[] inputs)
    {
        Assert.True(OpsetUpgrade.Apply(model));
        ModelChecker.Check(model);
        using var session = new InferenceSession(OnnxFile.ToBytes(model));
        string[] names = [.. model.Graph.Inputs.Select(i => i.Name)];
        OrtValue[] values = [.. inputs.Select(i => OrtValue.CreateTensorValueFromMemory(i.Data, i.Shape))];
        try
        {
            using var options = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, names, values, session.OutputNames);
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }
}
