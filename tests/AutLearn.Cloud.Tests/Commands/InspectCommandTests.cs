using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Inspect_TwoLayers_CountsParametersAndFindsTheBoundary()
    {
        JsonElement report = (await ToolRun.Of("inspect", WriteModel(), "--json")).Json();
        Assert.Equal(3, report.GetProperty("nodes").GetInt32());
        Assert.Equal(26, report.GetProperty("parameters").GetInt64());
        Assert.Equal(104, report.GetProperty("parameter_bytes").GetInt64());
        JsonElement boundary = Assert.Single(report.GetProperty("boundaries").EnumerateArray());
        Assert.Equal("h.relu", boundary.GetProperty("tensor").GetString());
        Assert.Equal(10, boundary.GetProperty("head_parameters").GetInt64());
    }

    [Fact]
    public async Task Inspect_Text_NamesEveryParameterWithoutMarkup()
    {
        ToolRun run = await ToolRun.Of("inspect", WriteModel());
        Assert.Equal(0, run.ExitCode);
        Assert.All(new[] { "first.weight", "second.weight", "first.bias", "second.bias" }, n => Assert.Contains(n, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("\u001b", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_MissingFile_FailsInOneLine() =>
        (await ToolRun.Of("inspect", _folder.File("none.onnx"))).AssertFails(1, "none.onnx", "does not exist");

    [Fact]
    public async Task Inspect_Folder_FailsInOneLine() =>
        (await ToolRun.Of("inspect", _folder.Path, "--json")).AssertFails(1, _folder.Path, "folder");

    [Fact]
    public async Task Inspect_Garbage_FailsInOneLine() =>
        (await ToolRun.Of("inspect", _folder.Write("bad.onnx", [0x4d, 0x5a, 0xff, 0, 1, 2]))).AssertFails(1, "bad.onnx");

    [Fact]
    public async Task Inspect_TruncatedModel_FailsInOneLine()
    {
        byte[] bytes = File.ReadAllBytes(WriteModel());
        (await ToolRun.Of("inspect", _folder.Write("cut.onnx", bytes[..(bytes.Length / 2)]))).AssertFails(1, "cut.onnx");
    }

    private string WriteModel()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 3)));
        Value h = Dense(graph, x, "first", 3, 4, "h");
        h.Type = new TensorType(ElementType.Float32, new Shape("N", 4));
        Value relu = graph.AddNode("Relu", [h], ["h.relu"]).Outputs[0]!;
        relu.Type = h.Type;
        Value y = Dense(graph, relu, "second", 4, 2, "y");
        y.Type = new TensorType(ElementType.Float32, new Shape("N", 2));
        graph.AddOutput(y);
        string path = _folder.File("model.onnx");
        OnnxFile.Write(new OnnxModel(graph, 17), path);
        return path;

        static Value Dense(OnnxGraph graph, Value x, string stem, int inputs, int outputs, string name) => graph.AddNode(
            "Gemm",
            [x, graph.AddInitializer($"{stem}.weight", Tensor.Of<float>([outputs, inputs], new float[outputs * inputs])), graph.AddInitializer($"{stem}.bias", Tensor.Of<float>([outputs], new float[outputs]))],
            [name],
            [new("transB", AttributeValue.Of(1L))]).Outputs[0]!;
    }
}
