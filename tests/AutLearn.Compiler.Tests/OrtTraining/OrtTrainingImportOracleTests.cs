using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>What is imported goes on as the official engine does, step by step.</summary>
[Trait("Category", "Conformance")]
public sealed class OrtTrainingImportOracleTests : IDisposable
{
    private const int Steps = 5;
    private const string SetsVariable = "AUTLEARN_OFFICIAL_SETS";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. OnnxBlockSets.All.Keys];

    public static TheoryData<string, string, int> OwnSets => new()
    {
        { "mlp", "cross-entropy", 0 },
        { "mlp", "cross-entropy", 1 },
        { "mlp", "mean squared", 0 },
        { "mlp", "absolute", 0 },
        { "mlp", "binary", 0 },
        { "mlp", "huber", 1 },
        { "cnn", "cross-entropy", 2 },
    };

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Import_ToolsSet_TrainsFiveStepsAsTheOfficialEngine(string name)
    {
        OfficialEngine.SkipIfMissing();
        OnnxBlockSet set = OnnxBlockSets.All[name]();
        set.Save(_folder.Path);
        Agree(OfficialBatches.Of(set.Evaluation(), Steps));
    }

    [SkippableTheory]
    [MemberData(nameof(OwnSets))]
    public void Import_OwnOfficialSet_TrainsFiveStepsAsTheOfficialEngine(string network, string loss, int lastLayers)
    {
        OfficialEngine.SkipIfMissing();
        OrtTrainingArtifacts set = OrtTrainingCompiler.Compile(network == "mlp" ? Networks.Mlp(10, 12, 5) : Networks.Cnn(4), new CompileOptions
        {
            Trainable = lastLayers == 0 ? TrainableSelection.All : TrainableSelection.LastLayers(lastLayers),
            Loss = LossOf(loss),
            LogitsName = "logits",
            Optimizer = OnnxBlockSets.ToolsAdamW,
            ClipNorm = 1,
        });
        set.Save(_folder.Path);
        OrtTrainingImport import = Agree(OfficialBatches.Of(set.Evaluation, Steps));
        Assert.Equal(LossOf(loss).Spec, import.Loss.Spec);
        Assert.Equal("logits", import.Scores);
        Assert.Equal(network == "mlp" ? ["logits", "probabilities"] : ["logits"], import.Model.Graph.Outputs.Select(o => o.Name).Order());
    }

    [SkippableFact]
    public void Import_CheckpointOfALaterStep_GoesOnWithItsMoments()
    {
        OfficialEngine.SkipIfMissing();
        OnnxBlockSet set = OnnxBlockSets.All["decay"]();
        IReadOnlyList<IReadOnlyDictionary<string, Tensor>> batches = OfficialBatches.Of(set.Evaluation(), 2 * Steps);
        set.Save(_folder.Path);
        EngineRun whole = OfficialEngine.Train(_folder.Path, batches);

        // Five steps here, saved as the engine saves them, go on there and here as if they had been made there.
        using var runner = new StepRunner(Compile(OrtTrainingImport.Of(Set())));
        foreach (IReadOnlyDictionary<string, Tensor> batch in batches.Take(Steps))
            Step(runner, batch);
        ImmutableSortedDictionary<string, Tensor> parameters = set.Checkpoint.Trainable.ToImmutableSortedDictionary(p => p.Key, p => runner.Values[p.Key], StringComparer.Ordinal);
        set.Save(_folder.Path, set.Checkpoint with
        {
            Trainable = parameters,
            OptimizerGroups =
            [
                new("group0", Steps, OfficialEngine.Rate, parameters.Keys.ToImmutableSortedDictionary(
                    p => p,
                    p => ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal).Add("momentum0", runner.Values[$"{p}.exp_avg"]).Add("momentum1", runner.Values[$"{p}.exp_avg_sq"]),
                    StringComparer.Ordinal)),
            ],
        });
        OrtTrainingImport import = Agree([.. batches.Skip(Steps)], whole.Losses[Steps..]);
        Assert.Equal(Steps, import.Step);
        Assert.Equal(OfficialEngine.Rate, (float)import.LearningRate);
        Assert.All(import.Parameters, p => Assert.Equal(ParameterFate.TrainedWithMoments, p.Fate));
    }

    [SkippableFact]
    public void Import_SetsOfOthers_TrainFiveStepsAsTheOfficialEngine()
    {
        OfficialEngine.SkipIfMissing();
        string? sets = Environment.GetEnvironmentVariable(SetsVariable);
        Skip.If(string.IsNullOrEmpty(sets), $"Set {SetsVariable} to a folder whose sub-folders are official sets that engine 1.19 runs, with the official names.");
        foreach (string folder in Directory.GetDirectories(sets).Order(StringComparer.Ordinal))
        {
            // In the version that the engine reads.
            foreach (string model in (string[])[OrtTrainingArtifacts.TrainingFile, OrtTrainingArtifacts.EvaluationFile, OrtTrainingArtifacts.OptimizerFile])
                File.Copy(Path.Combine(folder, model), _folder.File(model), overwrite: true);
            File.WriteAllBytes(_folder.File(OrtTrainingArtifacts.CheckpointFile), OfficialCheckpoint.Read(Path.Combine(folder, OrtTrainingArtifacts.CheckpointFile)).ToBytes());
            try
            {
                Agree(OfficialBatches.Of(Set(), Steps));
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The set '{folder}' does not agree.", error);
            }
        }
    }

    // Runs the set of the folder there and here.
    private OrtTrainingImport Agree(IReadOnlyList<IReadOnlyDictionary<string, Tensor>> batches, double[]? losses = null)
    {
        EngineRun engine = OfficialEngine.Train(_folder.Path, batches);
        OrtTrainingSet set = Set();
        OrtTrainingImport import = OrtTrainingImport.Of(set);
        CompiledArtifacts artifacts = Compile(import);
        using var runner = new StepRunner(artifacts);
        string[] order = [.. set.Training!.Graph.Inputs.Select(i => i.Name).Where(set.Checkpoint.Trainable.ContainsKey)];
        Assert.Equal(order.Order(StringComparer.Ordinal), import.Trained);
        Assert.Equal(engine.Before, order.SelectMany(runner.Floats));
        for (int i = 0; i < batches.Count; i++)
        {
            float loss = Step(runner, batches[i]);
            Assert.Equal(engine.Losses[i], loss, 1e-5 * Math.Max(1, Math.Abs(loss)));
            if (losses is not null)
                Assert.Equal(losses[i], loss, 2e-5 * Math.Max(1, Math.Abs(loss)));
        }

        float[] after = [.. order.SelectMany(runner.Floats)];
        Assert.Equal(engine.After.Length, after.Length);
        Assert.NotEqual(engine.Before, after);
        for (int i = 0; i < after.Length; i++)
            Assert.Equal(engine.After[i], after[i], 2e-5f);
        AgreeOnTheDevice(artifacts, batches, engine, order);
        return import;
    }

    // The same by the runtime, which applies the optimizer itself.
    private void AgreeOnTheDevice(CompiledArtifacts artifacts, IReadOnlyList<IReadOnlyDictionary<string, Tensor>> batches, EngineRun engine, string[] order)
    {
        string path = _folder.File("imported.autlearn");
        artifacts.SavePackage(path);
        using PersonalModel model = PersonalModel.Open(path);
        for (int i = 0; i < batches.Count; i++)
        {
            using PredictionBatch predicted = model.Predict([.. model.Manifest.Inputs.Select(s => Buffer(batches[i][s.Name]))]);
            StepResult result = model.TrainStep([.. predicted.Boundary], Buffer(OfficialBatches.LabelsOf(batches[i])), OfficialEngine.Rate);
            Assert.Equal(engine.Losses[i], result.Loss, 1e-5 * Math.Max(1, Math.Abs(result.Loss)));
        }

        float[] after = [.. order.SelectMany(n => model.GetParameter(n).Span<float>().ToArray())];
        for (int i = 0; i < after.Length; i++)
            Assert.Equal(engine.After[i], after[i], 2e-5f);

        static TensorBuffer Buffer(Tensor tensor)
        {
            var buffer = new TensorBuffer(tensor.ElementType, tensor.Dimensions.AsSpan());
            tensor.Bytes.Span.CopyTo(buffer.Bytes);
            return buffer;
        }
    }

    private static CompiledArtifacts Compile(OrtTrainingImport import) => ModelCompiler.Compile(import.Model, import.ToCompileOptions("imported"));

    private static float Step(StepRunner runner, IReadOnlyDictionary<string, Tensor> batch)
    {
        Tensor labels = OfficialBatches.LabelsOf(batch);
        ArtifactManifest manifest = runner.Manifest;
        IReadOnlyDictionary<string, Tensor> inferred = runner.Infer(batch);
        var boundary = manifest.Boundary.ToDictionary(b => b.Tensor.Name, b => b.InferenceOutput is { } name ? inferred[name] : batch[b.UserInput!]);
        return runner.Step(boundary, labels, OfficialEngine.Rate)[manifest.LossOutput].Span<float>()[0];
    }

    private OrtTrainingSet Set() => new()
    {
        Evaluation = OnnxFile.Read(_folder.File(OrtTrainingArtifacts.EvaluationFile)),
        Optimizer = OnnxFile.Read(_folder.File(OrtTrainingArtifacts.OptimizerFile)),
        Checkpoint = OfficialCheckpoint.Read(_folder.File(OrtTrainingArtifacts.CheckpointFile)),
        Training = OnnxFile.Read(_folder.File(OrtTrainingArtifacts.TrainingFile)),
    };

    private static Loss LossOf(string name) => name switch
    {
        "mean squared" => new MeanSquaredLoss(),
        "absolute" => new L1Loss(),
        "binary" => new BinaryCrossEntropyWithLogitsLoss(),
        "huber" => new HuberLoss { Delta = 0.5 },
        _ => new SoftmaxCrossEntropyLoss(),
    };
}
