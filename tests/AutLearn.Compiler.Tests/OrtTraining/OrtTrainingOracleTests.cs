using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Checking;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>The official engine runs the official set and must agree, step by step, with the device artifacts in ONNX Runtime.</summary>
[Trait("Category", "Conformance")]
public sealed class OrtTrainingOracleTests : IDisposable
{
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
        { "mlp", "adamw-transformers", 0 },
        { "mlp", "adamw-transformers-uncorrected", 0 },
        { "mlp", "adamw-clipped", 0 },
        { "mlp", "sgd-clipped", 0 },
        { "cnn", "adamw-transformers", 1 },
    };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Compile_OfficialSet_TrainsLikeTheDeviceArtifacts(string network, string optimizer, int lastLayers)
    {
        OfficialEngine.SkipIfMissing();
        OnnxModel model = network == "mlp" ? Networks.Mlp(10, 12, 5) : Networks.Cnn(4);
        var options = new CompileOptions
        {
            Trainable = lastLayers == 0 ? TrainableSelection.All : TrainableSelection.LastLayers(lastLayers),
            Optimizer = OptimizerOf(optimizer),
            ClipNorm = optimizer.EndsWith("-clipped", StringComparison.Ordinal) ? 0.1 : null,
        };
        OrtTrainingArtifacts official = OrtTrainingCompiler.Compile(model, options);
        ModelChecker.Check(official.Training);
        ModelChecker.Check(official.Evaluation);
        official.Save(_folder);

        var random = new Random(7);
        (Tensor Input, Tensor Labels)[] batches = [.. Enumerable.Range(0, Steps).Select(_ => network == "mlp"
            ? (Networks.Random(random, 1, 8, 10), Networks.Labels(random, 5, 8))
            : (Networks.Random(random, 1, 8, 1, 8, 8), Networks.Labels(random, 4, 8)))];
        EngineRun result = OfficialEngine.Train(_folder, [.. batches.Select(b => new Dictionary<string, Tensor> { [model.Graph.Inputs[0].Name] = b.Input, ["labels"] = b.Labels })]);

        CompiledArtifacts device = ModelCompiler.Compile(model, options);
        using var runner = new StepRunner(device);
        float[] losses = [.. batches.Select(b => Step(device.Manifest, runner, model.Graph.Inputs[0].Name, b))];

        Assert.Equal(Steps, result.Losses.Length);
        for (int i = 0; i < Steps; i++)
            Assert.Equal(result.Losses[i], losses[i], 1e-5 * Math.Max(1, Math.Abs(result.Losses[i])));

        string[] order = [.. official.Training.Graph.Inputs.Select(i => i.Name).Where(official.Checkpoint.Trainable.ContainsKey)];
        float[] actual = [.. order.SelectMany(runner.Floats)];
        float[] before = [.. order.SelectMany(p => official.Checkpoint.Trainable[p].Span<float>().ToArray())];
        Assert.Equal(before, result.Before);
        Assert.Equal(result.After.Length, actual.Length);
        Assert.NotEqual(before, actual);
        for (int i = 0; i < actual.Length; i++)
            Assert.Equal(result.After[i], actual[i], 1e-5f);
        Assert.Equal(lastLayers > 0, official.Checkpoint.Frozen.Count > 0);
        Assert.InRange(result.EvaluationLoss, 0, losses[0]);
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
        Assert.Contains("corrects the bias", Refusal(new() { Optimizer = new AdamWOptimizer { SkipsBiasCorrection = true } }), StringComparison.Ordinal);
        Assert.Contains("rmsprop", Refusal(new() { Optimizer = new RmsPropOptimizer() }), StringComparison.Ordinal);
        model.Opset = 24;
        Assert.Contains("opset 24", Refusal(new()), StringComparison.Ordinal);

        string Refusal(CompileOptions options) => Assert.Throws<AutLearnException>(() => OrtTrainingCompiler.Compile(model, options)).Message;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Optimizer OptimizerOf(string name) => name switch
    {
        "sgd" or "sgd-clipped" => new SgdOptimizer(),
        "adamw-transformers" => new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-3, WeightDecay = 0.05 },
        "adamw-transformers-uncorrected" => new AdamWOptimizer { Form = AdamWForm.Transformers, SkipsBiasCorrection = true, Epsilon = 1e-3, WeightDecay = 0.05 },
        _ => new AdamWOptimizer { WeightDecay = 0.05 },
    };

    private static float Step(ArtifactManifest manifest, StepRunner runner, string input, (Tensor Input, Tensor Labels) batch)
    {
        IReadOnlyDictionary<string, Tensor> inferred = runner.Infer(new Dictionary<string, Tensor> { [input] = batch.Input });
        var boundary = manifest.Boundary.ToDictionary(
            b => b.Tensor.Name,
            b => b.InferenceOutput is { } name ? inferred[name] : batch.Input);
        return runner.Step(boundary, batch.Labels, OfficialEngine.Rate)[manifest.LossOutput].Span<float>()[0];
    }
}
