using AutLearn.Graph.Serialization;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Serialization;

/// <summary>The constants say what ONNX Runtime loads: the newest version loads and the next does not.</summary>
[Trait("Category", "Conformance")]
public sealed class OnnxVersionsTests
{
    [Fact]
    public void NewestOpset_InOnnxRuntime_IsTheLastThatLoads()
    {
        string found = string.Join(",", Enumerable.Range(7, 30).Where(opset => Loads(opset, 10)));
        Assert.Equal(string.Join(",", Enumerable.Range((int)OnnxVersions.OldestRunOpset, (int)(OnnxVersions.NewestOpset - OnnxVersions.OldestRunOpset + 1))), found);
    }

    [Fact]
    public void NewestIrVersion_InOnnxRuntime_IsTheLastThatLoads()
    {
        string found = string.Join(",", Enumerable.Range(3, 20).Where(ir => Loads(13, ir)));
        Assert.Equal(string.Join(",", Enumerable.Range((int)OnnxVersions.OldestIrVersion, (int)(OnnxVersions.NewestIrVersion - OnnxVersions.OldestIrVersion + 1))), found);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(OnnxVersions.NewestOpset + 1)]
    public void Read_OpsetOutsideTheRange_SaysWhichCanBeRead(long opset)
    {
        var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(OnnxFile.ToBytes(Relu(opset, 10)), "m.onnx"));
        Assert.Contains($"version {opset}", error.Message, StringComparison.Ordinal);
        Assert.Equal("m.onnx", error.File);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(OnnxVersions.NewestIrVersion + 1)]
    public void Read_IrVersionOutsideTheRange_SaysWhichCanBeRead(long ir)
    {
        var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(OnnxFile.ToBytes(Relu(13, ir)), "m.onnx"));
        Assert.Contains($"format version {ir}", error.Message, StringComparison.Ordinal);
    }

    private static bool Loads(long opset, long ir)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        try
        {
            using var session = new InferenceSession(OnnxFile.ToBytes(Relu(opset, ir)), options);
            return true;
        }
        catch (OnnxRuntimeException)
        {
            return false;
        }
    }

    private static OnnxModel Relu(long opset, long ir)
    {
        var graph = new OnnxGraph("g");
        var type = new TensorType(ElementType.Float32, new Shape("N", 3));
        Node node = graph.AddNode("Relu", [graph.AddInput("x", type)], ["y"]);
        node.Output(0)!.Type = type;
        graph.AddOutput(node.Output(0)!);
        return new OnnxModel(graph, opset) { IrVersion = ir };
    }
}
