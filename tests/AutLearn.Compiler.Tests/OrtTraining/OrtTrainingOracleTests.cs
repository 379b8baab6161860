using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Checking;
using AutLearn.Testing;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>The official engine runs the official set and must agree, step by step, with the device artifacts in ONNX Runtime.</summary>
[Trait("Category", "Conformance")]
public sealed class OrtTrainingOracleTests : IDisposable
{
    private const string Variable = "AUTLEARN_ORACLE";

    // The web build of the engine has no setter for the learning rate.
    private const float Rate = 0.001f;
    private const int Steps = 12;

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-official-").FullName;

    public static TheoryData<string, string, int> Cases => new()
    {
        { "mlp", "sgd", 0 },
        { "mlp", "sgd", 1 },
        { "mlp", "adamw", 0 },
        { "mlp", "adamw", 1 },
        { "cnn", "sgd", 1 },
        { "cnn", "adamw", 2 },
    };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Compile_OfficialSet_TrainsLikeTheDeviceArtifacts(string network, string optimizer, int lastLayers)
    {
        string oracle = OracleOrSkip();
        OnnxModel model = network == "mlp" ? Networks.Mlp(10, 12, 5) : Networks.Cnn(4);
        var options = new CompileOptions
        {
            Trainable = lastLayers == 0 ? TrainableSelection.All : TrainableSelection.LastLayers(lastLayers),
            Optimizer = optimizer == "sgd" ? new SgdOptimizer() : new AdamWOptimizer { WeightDecay = 0.05 },
        };
        OrtTrainingArtifacts official = OrtTrainingCompiler.Compile(model, options);
        ModelChecker.Check(official.Training);
        ModelChecker.Check(official.Evaluation);
        official.Save(_folder);

        var random = new Random(7);
        (Tensor Input, Tensor Labels)[] batches = [.. Enumerable.Range(0, Steps).Select(_ => network == "mlp"
            ? (Networks.Random(random, 1, 8, 10), Networks.Labels(random, 5, 8))
            : (Networks.Random(random, 1, 8, 1, 8, 8), Networks.Labels(random, 4, 8)))];
        JsonNode result = RunOracle(oracle, model.Graph.Inputs[0].Name, batches);

        CompiledArtifacts device = ModelCompiler.Compile(model, options);
        using var runner = new StepRunner(device);
        float[] losses = [.. batches.Select(b => Step(device.Manifest, runner, model.Graph.Inputs[0].Name, b))];

        double[] engine = [.. result["losses"]!.AsArray().Select(l => l!.GetValue<double>())];
        Assert.Equal(Steps, engine.Length);
        for (int i = 0; i < Steps; i++)
            Assert.Equal(engine[i], losses[i], 1e-5 * Math.Max(1, Math.Abs(engine[i])));

        float[] expected = [.. result["parameters1"]!.AsArray().Select(p => p!.GetValue<float>())];
        string[] order = [.. official.Training.Graph.Inputs.Select(i => i.Name).Where(official.Checkpoint.Trainable.ContainsKey)];
        float[] actual = [.. order.SelectMany(runner.Floats)];
        float[] before = [.. order.SelectMany(p => official.Checkpoint.Trainable[p].Span<float>().ToArray())];
        Assert.Equal(before, result["parameters0"]!.AsArray().Select(p => p!.GetValue<float>()));
        Assert.Equal(expected.Length, actual.Length);
        Assert.NotEqual(before, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
        Assert.Equal(lastLayers > 0, official.Checkpoint.Frozen.Count > 0);
        Assert.InRange(result["evalLoss"]!.GetValue<double>(), 0, losses[0]);
    }

    [Fact]
    public void Compile_Checkpoint_BringsParametersIntoAnotherCopyOfTheModel()
    {
        OfficialCheckpoint checkpoint = OrtTrainingCompiler.Compile(Networks.Mlp(10, 12, 5, seed: 1), new CompileOptions { Trainable = TrainableSelection.All }).Checkpoint;
        OnnxModel other = Networks.Mlp(10, 12, 5, seed: 2);
        Assert.Equal(4, checkpoint.ApplyTo(other));
        Assert.True(other.Graph.Find("fc1.weight")!.Initializer!.ContentEquals(checkpoint.Trainable["fc1.weight"]));
    }

    [Fact]
    public void Compile_WhatTheEngineLacks_SaysSo()
    {
        OnnxModel model = Networks.Mlp(10, 12, 5);
        Assert.Contains("momentum", Refusal(new() { Optimizer = new SgdOptimizer { Momentum = 0.9 } }), StringComparison.Ordinal);
        Assert.Contains("clipping", Refusal(new() { ClipNorm = 1 }), StringComparison.Ordinal);
        Assert.Contains("rmsprop", Refusal(new() { Optimizer = new RmsPropOptimizer() }), StringComparison.Ordinal);
        model.Opset = 24;
        Assert.Contains("opset 24", Refusal(new()), StringComparison.Ordinal);

        string Refusal(CompileOptions options) => Assert.Throws<AutLearnException>(() => OrtTrainingCompiler.Compile(model, options)).Message;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static float Step(ArtifactManifest manifest, StepRunner runner, string input, (Tensor Input, Tensor Labels) batch)
    {
        IReadOnlyDictionary<string, Tensor> inferred = runner.Infer(new Dictionary<string, Tensor> { [input] = batch.Input });
        var boundary = manifest.Boundary.ToDictionary(
            b => b.Tensor.Name,
            b => b.InferenceOutput is { } name ? inferred[name] : batch.Input);
        return runner.Step(boundary, batch.Labels, Rate)[manifest.LossOutput].Span<float>()[0];
    }

    private JsonNode RunOracle(string oracle, string input, (Tensor Input, Tensor Labels)[] batches)
    {
        string steps = Path.Combine(_folder, "steps.json");
        string result = Path.Combine(_folder, "result.json");
        File.WriteAllText(steps, new JsonArray([.. batches.Select(b => new JsonObject
        {
            [input] = Describe(b.Input, "float32", JsonSerializer.SerializeToNode(b.Input.Span<float>().ToArray())),
            ["labels"] = Describe(b.Labels, "int64", JsonSerializer.SerializeToNode(b.Labels.Span<long>().ToArray())),
        })]).ToJsonString());
        using Process process = Process.Start(new ProcessStartInfo("node", ["oracle.mjs", "--dir", _folder, "--inputs", steps, "--eval", "--out", result])
        {
            WorkingDirectory = oracle,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{error}{output.Result}");
        return JsonNode.Parse(File.ReadAllText(result))!;
    }

    private static JsonObject Describe(Tensor tensor, string type, JsonNode? data) => new()
    {
        ["type"] = type,
        ["dims"] = JsonSerializer.SerializeToNode(tensor.Dimensions),
        ["data"] = data,
    };

    private static string OracleOrSkip()
    {
        string folder = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
            ? given
            : Path.Combine(TestData.RepositoryRoot, "artifacts", "oracle");
        Skip.IfNot(
            Directory.Exists(Path.Combine(folder, "node_modules", "onnxruntime-web")),
            $"The official training engine is not installed. Run 'bash eng/install-oracle.sh', or set {Variable} to its folder (looked in '{folder}').");
        return folder;
    }
}
