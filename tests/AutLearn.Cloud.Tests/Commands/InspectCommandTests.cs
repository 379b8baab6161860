using System.Text.Json;
using AutLearn.Cloud.Data;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;

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

    [SkippableFact]
    public async Task Inspect_MobileNet_KnowsCostCutsAndWhatLearns()
    {
        string? data = DataFolder.Find();
        Skip.If(data is null, $"No data folder: set {DataFolder.Variable}.");
        JsonElement report = (await ToolRun.Of("inspect", Path.Combine(data!, "mobilenet", "mobilenet_v1_0.75_224.onnx"), "--json")).Json();
        Assert.Equal(2_601_976, report.GetProperty("parameters").GetInt64());

        // The architecture's published cost is 325 million multiply-adds; normalization and activations come on top.
        Assert.InRange(report.GetProperty("flops").GetInt64(), 650_000_000, 670_000_000);
        JsonElement last = report.GetProperty("boundaries").EnumerateArray().Last();
        Assert.Equal("features", last.GetProperty("tensor").GetString());
        Assert.Equal(3072, last.GetProperty("bytes_per_sample").GetInt64());
        JsonElement[] parameters = [.. report.GetProperty("parameter_list").EnumerateArray()];
        Assert.All(parameters, p => Assert.Equal(
            !p.GetProperty("name").GetString()!.EndsWith(".mean", StringComparison.Ordinal) && !p.GetProperty("name").GetString()!.EndsWith(".var", StringComparison.Ordinal),
            p.GetProperty("is_trainable").GetBoolean()));
    }

    [Fact]
    public async Task Inspect_OperatorWithoutRule_SaysWhich()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([2, 2], new float[4]));
        Value product = graph.AddNode("MatMul", [x, w], ["product"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Bernoulli", [product], ["y"], name: "odd").Outputs[0]!);
        string path = _folder.File("odd.onnx");
        OnnxFile.Write(new OnnxModel(graph, 17), path);
        JsonElement parameter = Assert.Single((await ToolRun.Of("inspect", path, "--json")).Json().GetProperty("parameter_list").EnumerateArray());
        Assert.False(parameter.GetProperty("is_trainable").GetBoolean());
        Assert.Contains("'odd' (Bernoulli", parameter.GetProperty("because").GetString(), StringComparison.Ordinal);
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
