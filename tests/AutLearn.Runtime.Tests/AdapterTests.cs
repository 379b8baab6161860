using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Tests;

/// <summary>Low-rank adapters from the compiler to the export.</summary>
[Trait("Category", "Conformance")]
public sealed class AdapterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Export_LearnedAdapters_IsThePlainModelWithOtherWeights()
    {
        OnnxModel network = Network();
        ModelCompiler.Compile(network, new() { Trainable = TrainableSelection.None, Adapter = new() { Rank = 2, Alpha = 3, Seed = 5 }, Optimizer = new AdamOptimizer() }).SavePackage(_folder.File("model.autlearn"));
        using var model = PersonalModel.Open(_folder.File("model.autlearn"));
        Assert.Equal(
            ["conv.w.lora_A", "conv.w.lora_B", "gemm.w.lora_A", "gemm.w.lora_B", "matmul.w.lora_A", "matmul.w.lora_B", "turned.w.lora_A", "turned.w.lora_B"],
            model.Parameters.Select(p => p.Tensor.Name));
        using var original = new OrtModel(network, GraphOptimizationLevel.ORT_DISABLE_ALL);
        using PredictionBatch batch = model.Predict([Input()]);
        Tensor fed = new(ElementType.Float32, [4, 2, 5, 5], Input().Bytes.ToArray());
        AssertClose(original.Run(new Dictionary<string, Tensor> { ["x"] = fed })["logits"].Span<float>(), batch.Predictions[0].Span<float>(), 1e-6f);

        FeatureSet features = model.CreateFeatureSet();
        features.Add(batch, 0, 1, 2, 0);
        double before = model.Evaluate(features).Loss;
        for (int i = 0; i < 30; i++)
        {
            model.Predict(batch);
            model.TrainStep(batch, [0, 1, 2, 0], 0.02);
        }

        Assert.True(model.Evaluate(features).Loss < 0.5 * before);
        model.Predict(batch);
        model.Export(_folder.File("out.onnx"));
        OnnxModel exported = OnnxFile.Read(_folder.File("out.onnx"));
        Assert.DoesNotContain(exported.Graph.Initializers, v => v.Name.Contains("lora", StringComparison.Ordinal));
        Assert.Equal(Operators(network), Operators(exported));
        using var merged = new OrtModel(exported, GraphOptimizationLevel.ORT_DISABLE_ALL);
        AssertClose(batch.Predictions[0].Span<float>(), merged.Run(new Dictionary<string, Tensor> { ["x"] = fed })["logits"].Span<float>(), 1e-5f);
    }

    [Fact]
    public void Export_AdapterWhereTheBatchStandsSecond_MergesAcrossTheTurns()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6, 4)));
        Value turned = graph.AddNode("Transpose", [x], ["turned"], [new("perm", AttributeValue.Of(1L, 0L, 2L))]).Outputs[0]!;
        Value y = graph.AddNode("Tanh", [graph.AddNode("MatMul", [turned, Weights(graph, random, "w", 4, 5)], ["m"]).Outputs[0]!], ["t"]).Outputs[0]!;
        y = graph.AddNode("Flatten", [graph.AddNode("Transpose", [y], ["back"], [new("perm", AttributeValue.Of(1L, 0L, 2L))]).Outputs[0]!], ["f"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [y, Weights(graph, random, "head", 30, 3)], ["logits"]).Outputs[0]!);
        ModelCompiler.Compile(new OnnxModel(graph, 18), new() { Trainable = TrainableSelection.None, Adapter = new() { Rank = 2, On = ["w"] }, Optimizer = new SgdOptimizer() }).SavePackage(_folder.File("model.autlearn"));
        using var model = PersonalModel.Open(_folder.File("model.autlearn"));
        var input = new TensorBuffer(ElementType.Float32, 2, 6, 4);
        foreach (ref float value in input.Span<float>())
            value = random.NextSingle();
        using PredictionBatch batch = model.Predict([input]);
        for (int i = 0; i < 10; i++)
            model.TrainStep([.. batch.Boundary], Labels(0, 2), 0.5);
        model.Predict(batch);
        model.Export(_folder.File("out.onnx"));
        using var merged = new OrtModel(OnnxFile.Read(_folder.File("out.onnx")), GraphOptimizationLevel.ORT_DISABLE_ALL);
        AssertClose(batch.Predictions[0].Span<float>(), merged.Run(new Dictionary<string, Tensor> { ["x"] = new(ElementType.Float32, [2, 6, 4], input.Bytes.ToArray()) })["logits"].Span<float>(), 1e-5f);
        Assert.DoesNotContain(OnnxFile.Read(_folder.File("out.onnx")).Graph.Initializers, v => v.Name.Contains("lora", StringComparison.Ordinal));
    }

    [Fact]
    public void SaveState_Adapters_HoldsThemAlone()
    {
        ModelCompiler.Compile(Network(), new() { Trainable = TrainableSelection.None, Adapter = new() { Rank = 1, On = ["gemm.w"] }, Optimizer = new SgdOptimizer() }).SavePackage(_folder.File("model.autlearn"));
        using var model = PersonalModel.Open(_folder.File("model.autlearn"));
        Assert.Equal(["gemm.w.lora_A", "gemm.w.lora_B"], model.Parameters.Select(p => p.Tensor.Name));
        model.SaveState(_folder.File("state"));
        Assert.Equal(["parameter/gemm.w.lora_A", "parameter/gemm.w.lora_B"], SafetensorsFile.Read(File.ReadAllBytes(_folder.File("state")), "state").Tensors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Compile_AdaptersBesideANewLayer_TrainBoth()
    {
        ArtifactManifest manifest = ModelCompiler.Compile(Network(), new() { Trainable = TrainableSelection.LastLayers(1), Adapter = new() { On = ["conv.w"] } }).Manifest;
        Assert.Equal(["turned.w", "conv.w.lora_A", "conv.w.lora_B"], manifest.Parameters.Select(p => p.Tensor.Name));
    }

    [Fact]
    public void Compile_PatternThatFitsNothing_NamesTheCandidates()
    {
        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(Network(), new() { Trainable = TrainableSelection.None, Adapter = new() { On = ["gemm*", "atention*"] } }));
        Assert.Contains("'atention*'", e.Message, StringComparison.Ordinal);
        Assert.Contains("'matmul.w'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_NothingToTrain_IsRefused() =>
        Assert.Throws<ArgumentException>(() => ModelCompiler.Compile(Network(), new() { Trainable = TrainableSelection.None }));

    private static TensorBuffer Labels(params ReadOnlySpan<long> classes)
    {
        var labels = new TensorBuffer(ElementType.Int64, classes.Length);
        labels.CopyFrom(classes);
        return labels;
    }

    private static Value Weights(OnnxGraph graph, Random random, string name, params long[] sizes) => graph.AddInitializer(
        name, Tensor.Of<float>(sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)]));

    private static IEnumerable<string> Operators(OnnxModel model) => model.Graph.Nodes.Select(n => n.OpType).Where(o => o != "Transpose").Order(StringComparer.Ordinal);

    private static TensorBuffer Input()
    {
        var input = new TensorBuffer(ElementType.Float32, 4, 2, 5, 5);
        var random = new Random(3);
        foreach (ref float value in input.Span<float>())
            value = random.NextSingle() - 0.5f;
        return input;
    }

    // Conv 3x3 with stride -> Gemm (transposed weight) -> MatMul over a sequence -> MatMul of a transposed weight
    private static OnnxModel Network()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2, 5, 5)));
        Value y = graph.AddNode("Conv", [x, Weights("conv.w", 3, 2, 3, 3)], ["c"], [new("strides", AttributeValue.Of(2L, 2L)), new("pads", AttributeValue.Of(1L, 1L, 1L, 1L))]).Outputs[0]!;
        y = graph.AddNode("Flatten", [graph.AddNode("Tanh", [y], ["ct"]).Outputs[0]!], ["f"]).Outputs[0]!;
        y = graph.AddNode("Tanh", [graph.AddNode("Gemm", [y, Weights("gemm.w", 12, 27)], ["g"], [new("transB", AttributeValue.Of(1L))]).Outputs[0]!], ["gt"]).Outputs[0]!;
        y = graph.AddNode("Reshape", [y, graph.AddInitializer("s", Tensor.Vector(0L, 3L, 4L))], ["r"]).Outputs[0]!;
        y = graph.AddNode("Tanh", [graph.AddNode("MatMul", [y, Weights("matmul.w", 4, 5)], ["m"]).Outputs[0]!], ["mt"]).Outputs[0]!;
        y = graph.AddNode("Reshape", [y, graph.AddInitializer("s2", Tensor.Vector(0L, 15L))], ["r2"]).Outputs[0]!;
        Value turned = graph.AddNode("Transpose", [Weights("turned.w", 3, 15)], ["turned"], [new("perm", AttributeValue.Of(1L, 0L))]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("MatMul", [y, turned], ["logits"]).Outputs[0]!);
        return new OnnxModel(graph, 18);

        Value Weights(string name, params long[] sizes) => AdapterTests.Weights(graph, random, name, sizes);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }
}
