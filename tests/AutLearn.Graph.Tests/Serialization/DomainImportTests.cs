using AutLearn.Graph.Serialization;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Serialization;

/// <summary>Imports of one operator domain more than once mean what they mean to ONNX Runtime.</summary>
[Trait("Category", "Conformance")]
public sealed class DomainImportTests
{
    // Softmax of version 12 takes all dimensions behind the first for one, that of version 13 the last alone.
    private const float Of12 = 1 / 6f;
    private const float Of13 = 1 / 3f;

    [Theory]
    [InlineData(Of12, ":12", ":12")]
    [InlineData(Of13, "ai.onnx:13", "ai.onnx:13")]
    [InlineData(Of13, ":13", "ai.onnx:13")]
    [InlineData(Of12, "ai.onnx:12", ":12")]
    [InlineData(Of12, ":12", "com.microsoft:1", "ai.onnx:12", "com.microsoft:1")]
    [InlineData(Of13, ":12", "ai.onnx:13")]
    [InlineData(Of12, ":13", "ai.onnx:12")]
    [InlineData(Of13, "ai.onnx:12", ":13")]
    [InlineData(Of12, "ai.onnx:13", ":12")]
    public void Read_DefaultDomainTwice_IsTheModelThatOnnxRuntimeRuns(float expected, params string[] imports)
    {
        byte[] bytes = Softmax(imports);
        Assert.Equal(expected, Run(bytes));
        OnnxModel model = OnnxFile.Read(bytes, "twice.onnx");
        Assert.Equal(expected == Of12 ? 12 : 13, model.Opset);
        Assert.Equal(expected, Run(OnnxFile.ToBytes(model)));
    }

    [Theory]
    [InlineData(":12", ":13")]
    [InlineData("ai.onnx:13", "ai.onnx:12")]
    [InlineData(":13", "com.microsoft:1", "com.microsoft:2")]
    public void Read_OneNameAtTwoVersions_IsRefused(params string[] imports)
    {
        InvalidModelException error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(Softmax(imports), "twice.onnx"));
        Assert.Contains("twice, at the versions 1", error.Message, StringComparison.Ordinal);
        Assert.Equal("twice.onnx", error.File);
    }

    private static float Run(byte[] model)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var session = new InferenceSession(model, options);
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(new float[12], [2, 2, 3]);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> y = session.Run(run, ["x"], [x], ["y"]);
        return y[0].GetTensorDataAsSpan<float>()[0];
    }

    private static byte[] Softmax(string[] imports)
    {
        var graph = new OnnxGraph("g");
        Node node = graph.AddNode("Softmax", [graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(2, 2, 3)))], ["y"]);
        node.Output(0)!.Type = new TensorType(ElementType.Float32, new Shape(2, 2, 3));
        graph.AddOutput(node.Output(0)!);
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(new OnnxModel(graph, 13) { IrVersion = 8 }));
        proto.OpsetImport.Clear();
        foreach (string import in imports)
            proto.OpsetImport.Add(new OperatorSetIdProto { Domain = import.Split(':')[0], Version = long.Parse(import.Split(':')[1]) });
        return proto.ToByteArray();
    }
}
