using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>What is imported goes on as the official engine does, step by step.</summary>
[Trait("Category", "Conformance")]
public sealed class OrtTrainingImportTests : IDisposable
{
    private const int Steps = 5;
    private const int Rows = 8;
    private const string SetsVariable = "AUTLEARN_OFFICIAL_SETS";

    private readonly TemporaryFolder _folder = new();

    private static readonly Dictionary<string, Func<OnnxBlockSet>> Sets = new()
    {
        ["cross-entropy"] = () => Mlp(OnnxBlockLosses.CrossEntropy()),
        ["cross-entropy, int32 labels"] = () => Mlp(OnnxBlockLosses.CrossEntropy(ElementType.Int32)),
        ["cross-entropy, ignored label"] = () => Mlp(OnnxBlockLosses.CrossEntropy(ignored: 2)),
        ["cross-entropy, class weights"] = () => Mlp(OnnxBlockLosses.CrossEntropy(weights: [1, 2, 0.5f, 3, 1])),
        ["mean squared"] = () => Mlp(OnnxBlockLosses.MeanSquared),
        ["mean absolute"] = () => Mlp(OnnxBlockLosses.MeanAbsolute),
        ["binary cross-entropy"] = () => Mlp(OnnxBlockLosses.BinaryCrossEntropy()),
        ["decay"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0.5 }),
        ["other betas"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-3, WeightDecay = 0, Beta1 = 0.5, Beta2 = 0.75 }),
        ["no bias correction"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0, SkipsBiasCorrection = true }),
        ["torch form"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer()),
        ["clipped"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), clip: 0.05),
        ["plain descent"] = () => Mlp(OnnxBlockLosses.MeanSquared, new SgdOptimizer()),
        ["plain descent, clipped"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new SgdOptimizer(), clip: 0.05),
        ["frozen layer"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), trained: ["fc2.weight", "fc2.bias"], frozen: ["fc1.weight", "fc1.bias"]),
        ["layer left in the graph"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), trained: ["fc2.weight", "fc2.bias"], frozen: []),
        ["first layer alone"] = () => Mlp(OnnxBlockLosses.MeanSquared, trained: ["fc1.weight"], frozen: ["fc1.bias", "fc2.weight", "fc2.bias"]),
        ["convolutions"] = () => new(Networks.Cnn(4))
        {
            RequiresGrad = ["fc.weight", "fc.bias", "conv2.weight"],
            FrozenParams = ["conv1.weight"],
            Loss = OnnxBlockLosses.CrossEntropy(),
            Optimizer = ToolsAdamW,
        },
        ["language model, positions one below the other"] = () => new(Words())
        {
            RequiresGrad = ["vectors", "fc.weight", "fc.bias"],
            Loss = OnnxBlockLosses.PositionsBelow,
            Optimizer = ToolsAdamW,
        },
        ["log-likelihood"] = () => Mlp(OnnxBlockLosses.LogLikelihood),
        ["classes second of four dimensions"] = () => new(Segmentation())
        {
            RequiresGrad = ["kernel", "bias"],
            Loss = OnnxBlockLosses.CrossEntropy(ignored: 3),
            Optimizer = ToolsAdamW,
        },
    };

    /// <summary>What the tool writes where nothing else is asked for.</summary>
    private static AdamWOptimizer ToolsAdamW => new() { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0 };

    public static TheoryData<string> Names => [.. Sets.Keys];

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
        OnnxBlockSet set = Sets[name]();
        set.Save(_folder.Path);
        Agree(Batches(set.Evaluation(), Steps));
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
            Optimizer = ToolsAdamW,
            ClipNorm = 1,
        });
        set.Save(_folder.Path);
        OrtTrainingImport import = Agree(Batches(set.Evaluation, Steps));
        Assert.Equal(LossOf(loss).Spec, import.Loss.Spec);
        Assert.Equal("logits", import.Scores);
        Assert.Equal(network == "mlp" ? ["logits", "probabilities"] : ["logits"], import.Model.Graph.Outputs.Select(o => o.Name).Order());
    }

    [SkippableFact]
    public void Import_CheckpointOfALaterStep_GoesOnWithItsMoments()
    {
        OfficialEngine.SkipIfMissing();
        OnnxBlockSet set = Sets["decay"]();
        IReadOnlyList<IReadOnlyDictionary<string, Tensor>> batches = Batches(set.Evaluation(), 2 * Steps);
        set.Save(_folder.Path);
        EngineRun whole = OfficialEngine.Train(_folder.Path, batches);

        // Five steps here, saved as the engine saves them, go on there and here as if they had been made there.
        using var runner = new StepRunner(Compile(Read()));
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
                Agree(Batches(Set(), Steps));
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The set '{folder}' does not agree.", error);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Import_ToolsSet_IsAPlainModelThatPredictsTheSame(string name)
    {
        OnnxBlockSet set = Sets[name]();
        set.Save(_folder.Path);
        OnnxModel evaluation = set.Evaluation();
        Value scores = evaluation.Graph.Find(name == "classes second of four dimensions" ? "scores" : "logits")!;
        evaluation.Graph.ClearOutputs();
        evaluation.Graph.AddOutput(scores);
        IReadOnlyDictionary<string, Tensor> batch = Batches(set.Evaluation(), 1)[0];
        Dictionary<string, Tensor> feeds = new(batch);
        foreach ((string parameter, Tensor tensor) in set.Checkpoint.Trainable.Concat(set.Checkpoint.Frozen))
            feeds[parameter] = tensor;
        OrtTrainingImport import = Read();
        ModelChecker.Check(import.Model);
        Assert.DoesNotContain(import.Model.Graph.Inputs, i => i.Name is "labels" or "target" || feeds.ContainsKey(i.Name) && !batch.ContainsKey(i.Name));
        using var before = new OrtModel(evaluation, GraphOptimizationLevel.ORT_ENABLE_ALL);
        using var after = new OrtModel(import.Model, GraphOptimizationLevel.ORT_ENABLE_ALL);
        float[] expected = before.Run(feeds)[scores.Name].Span<float>().ToArray(), actual = after.Run(batch)[scores.Name].Span<float>().ToArray();
        Assert.Equal(expected.Length, actual.Length);

        // Constants let ONNX Runtime join more nodes.
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-6f);
    }

    [Fact]
    public void Import_Set_TellsTheFateOfEachParameter()
    {
        var set = new OnnxBlockSet(TwoHeads())
        {
            RequiresGrad = ["fc2.weight", "fc2.bias", "other.weight"],
            FrozenParams = ["fc1.weight"],
            Loss = OnnxBlockLosses.CrossEntropy(),
            Optimizer = ToolsAdamW,
            ClipNorm = 0.25,
        };
        OfficialCheckpoint checkpoint = set.Checkpoint;
        OrtTrainingImport import = OrtTrainingImport.Of(new()
        {
            Evaluation = set.Evaluation(),
            Optimizer = OrtOptimizerModel.Create(ToolsAdamW, set.ClipNorm),
            Checkpoint = checkpoint with { Frozen = checkpoint.Frozen.Add("nowhere", Tensor.Vector(1f, 2)) },
        });
        Assert.Equal(
            ["fc1.bias Constant", "fc1.weight Frozen", "fc2.bias Trained", "fc2.weight Trained", "nowhere Unused", "other.weight Unused"],
            import.Parameters.Select(p => $"{p.Name} {p.Fate}"));
        Assert.Equal(["fc2.bias", "fc2.weight"], import.Trained);
        Assert.Equal((0.25, 0.001, 0L), (import.ClipNorm, import.LearningRate, import.Step));
        Assert.Empty(import.State);
        var optimizer = Assert.IsType<AdamWOptimizer>(import.Optimizer);
        Assert.Equal((AdamWForm.Transformers, 1e-6f, 0f, 0.9f, 0.999f), (optimizer.Form, (float)optimizer.Epsilon, (float)optimizer.WeightDecay, (float)optimizer.Beta1, (float)optimizer.Beta2));
        Assert.Equal(["fc2.bias", "fc2.weight"], Compile(import).Manifest.Parameters.Select(p => p.Tensor.Name).Order());
    }

    [Fact]
    public void Import_MoreOutputs_KeepsThoseThatDependOnNoLabel()
    {
        OnnxBlockSet set = Mlp(
            (s, g, z) =>
            {
                Value loss = OnnxBlockLosses.CrossEntropy()(s, g, z);
                g.AddNode("Equal", [g.AddNode("ArgMax", [z], ["best"], [new("axis", AttributeValue.Of(1L)), new("keepdims", AttributeValue.Of(0L))]).Output(0)!, g.Find("labels")!], ["right"]);
                return loss;
            },
            outputs: ["hidden", "right", "logits", "best"]);
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(ToolsAdamW, null), Checkpoint = set.Checkpoint });
        Assert.Equal(["logits", "hidden", "best"], import.Model.Graph.Outputs.Select(o => o.Name));
        Assert.Equal("right", Assert.Single(import.DroppedOutputs));
        Assert.Equal(["x"], import.Model.Graph.Inputs.Select(i => i.Name));
    }

    [Fact]
    public void Import_LossesThatAreNotAveraged_SayWhyAndGoOnWithAGivenOne()
    {
        Assert.Contains("sums over the batch", Refusal(Mlp(OnnxBlockLosses.SummedSquares)), StringComparison.Ordinal);
        Assert.Contains("sums over the batch", Refusal(Mlp(OnnxBlockLosses.CrossEntropy(reduction: "sum"))), StringComparison.Ordinal);
        Assert.Contains("weighs positive labels", Refusal(Mlp(OnnxBlockLosses.BinaryCrossEntropy(positive: 2))), StringComparison.Ordinal);
        Assert.Contains("weighed one by one", Refusal(Mlp(OnnxBlockLosses.BinaryCrossEntropy(weight: 2))), StringComparison.Ordinal);
        Assert.Contains("have the shape of the scores", Refusal(Mlp((s, g, z) => OnnxBlockLosses.Op(s, g, "ReduceMean", OnnxBlockLosses.Op(s, g, "Abs", OnnxBlockLosses.Op(s, g, "Sub", z, g.AddInput("target", new TensorType(ElementType.Float32, new Shape("N", 1)))))))), StringComparison.Ordinal);
        OnnxBlockSet unknown = Mlp((s, g, z) => OnnxBlockLosses.Op(s, g, "ReduceMax", OnnxBlockLosses.Op(s, g, "Sub", z, g.AddInput("target", z.Type))));
        string message = Refusal(unknown);
        Assert.Contains("computed by ReduceMax, is none that is known", message, StringComparison.Ordinal);
        Assert.Contains("--scores", message, StringComparison.Ordinal);
        OrtTrainingImport import = Of(unknown, new() { ScoresName = "logits", Loss = new HuberLoss() });
        Assert.IsType<HuberLoss>(import.Loss);
        Assert.Equal(["x"], import.Model.Graph.Inputs.Select(i => i.Name));
        Assert.IsType<MeanSquaredLoss>(Of(Mlp(OnnxBlockLosses.SummedSquares), new() { Loss = new MeanSquaredLoss() }).Loss);
        Assert.Contains("computes no 'none'", Assert.Throws<AutLearnException>(() => Of(unknown, new() { ScoresName = "none" })).Message, StringComparison.Ordinal);

        string Refusal(OnnxBlockSet set) => Assert.Throws<AutLearnException>(() => Of(set, null)).Message;
    }

    [Fact]
    public void Import_PartsOfTwoSets_SaysWhichDoNotBelongTogether()
    {
        OnnxBlockSet mlp = Mlp(OnnxBlockLosses.CrossEntropy());
        OnnxBlockSet cnn = Sets["convolutions"]();
        OnnxBlockSet half = Mlp(OnnxBlockLosses.CrossEntropy(), trained: ["fc2.weight", "fc2.bias"], frozen: ["fc1.weight"]);
        OnnxModel optimizer = OrtOptimizerModel.Create(ToolsAdamW, null);
        Refuses(new() { Evaluation = cnn.Evaluation(), Optimizer = optimizer, Checkpoint = mlp.Checkpoint }, "two sets");
        Refuses(new() { Evaluation = mlp.Evaluation(), Optimizer = optimizer, Checkpoint = half.Checkpoint }, "lacks 'fc1.bias', which node 'fc1' (Gemm)");
        Refuses(new() { Evaluation = mlp.Evaluation(), Optimizer = optimizer, Checkpoint = mlp.Checkpoint, Training = half.Training() }, "do not agree about what is trained: 'fc1.bias', 'fc1.weight'");
        Refuses(new() { Evaluation = mlp.Evaluation(), Optimizer = optimizer, Checkpoint = mlp.Checkpoint, Training = mlp.Evaluation() }, "training_model.onnx");
        Refuses(new() { Evaluation = mlp.Evaluation(), Optimizer = mlp.Training(), Checkpoint = mlp.Checkpoint }, "optimizer_model.onnx");
        Refuses(new() { Evaluation = optimizer, Optimizer = optimizer, Checkpoint = mlp.Checkpoint }, "two sets");
        Refuses(
            new()
            {
                Evaluation = mlp.Evaluation(),
                Optimizer = optimizer,
                Checkpoint = mlp.Checkpoint with { Trainable = mlp.Checkpoint.Trainable.SetItem("fc2.bias", Tensor.Vector(1f, 2)) },
            },
            "'fc2.bias' is Float32[5] in the model and Float32[2] in the checkpoint");
        Assert.Throws<ArgumentException>(() => OrtTrainingImport.Of(new() { Evaluation = mlp.Evaluation(), Optimizer = optimizer, Checkpoint = mlp.Checkpoint with { IsNominal = true } }));

        static void Refuses(OrtTrainingSet set, string expected) =>
            Assert.Contains(expected, Assert.ThrowsAny<AutLearnException>(() => OrtTrainingImport.Of(set)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_OldClipping_IsRecognised()
    {
        OnnxBlockSet set = Mlp(OnnxBlockLosses.CrossEntropy());
        OnnxModel old = OldOptimizer(0.5f, isPower: false);
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = old, Checkpoint = set.Checkpoint });
        Assert.Equal(0.5, import.ClipNorm);
        Assert.Contains("changes the gradients", Assert.Throws<AutLearnException>(
            () => OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OldOptimizer(0.5f, isPower: true), Checkpoint = set.Checkpoint })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_BatchStatisticsAndDropoutOfTheTrainingModel_AreTakenOver()
    {
        OnnxBlockSet set = Sets["convolutions"]();
        OnnxModel training = set.Training();
        Assert.False(Of(training).TrainsBatchStatistics || Of(training).TrainsWithDropout);
        OnnxGraph graph = training.Graph;
        graph.Nodes.First(n => n.Is("BatchNormalization")).SetAttribute("training_mode", AttributeValue.Of(1L));
        Assert.True(Of(training).TrainsBatchStatistics);
        graph.AddNode("Dropout", [graph.Find("features"), graph.AddInitializer("ratio", Tensor.Scalar(0.5f)), graph.AddInitializer("drops", Tensor.Scalar(true))], ["dropped"]);
        Assert.True(Of(training).TrainsWithDropout);
        CompileOptions options = Of(training).ToCompileOptions("model");
        Assert.Equal((NormalizationStatistics.Training, true), (options.BatchNormalization, options.TrainingDropout));
        ModelCompiler.Compile(Of(training).Model, options);

        OrtTrainingImport Of(OnnxModel model) => OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(ToolsAdamW, null), Checkpoint = set.Checkpoint, Training = model });
    }

    [Fact]
    public void Import_BatchNormalizationSwitchedOutOfTraining_IsMadeWhole()
    {
        OnnxBlockSet set = Sets["convolutions"]();
        OnnxModel evaluation = set.Evaluation();
        Node node = evaluation.Graph.Nodes.First(n => n.Is("BatchNormalization"));
        evaluation.Graph.AddNodeOutput(node, "next_mean");
        evaluation.Graph.AddNodeOutput(node, "next_variance");
        node.SetAttribute("training_mode", AttributeValue.Of(0L));
        Assert.ThrowsAny<OnnxRuntimeException>(() => new OrtModel(evaluation, GraphOptimizationLevel.ORT_ENABLE_ALL));
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = evaluation, Optimizer = OrtOptimizerModel.Create(ToolsAdamW, null), Checkpoint = set.Checkpoint });
        using var model = new OrtModel(import.Model, GraphOptimizationLevel.ORT_ENABLE_ALL);
        Assert.Equal(Rows * 4, model.Run(Batches(set.Evaluation(), 1)[0])["logits"].Count);
        Compile(import);
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
            StepResult result = model.TrainStep([.. predicted.Boundary], Buffer(LabelsOf(batches[i])), OfficialEngine.Rate);
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
        Tensor labels = LabelsOf(batch);
        ArtifactManifest manifest = runner.Manifest;
        IReadOnlyDictionary<string, Tensor> inferred = runner.Infer(batch);
        var boundary = manifest.Boundary.ToDictionary(b => b.Tensor.Name, b => b.InferenceOutput is { } name ? inferred[name] : batch[b.UserInput!]);
        return runner.Step(boundary, labels, OfficialEngine.Rate)[manifest.LossOutput].Span<float>()[0];
    }

    private static Tensor LabelsOf(IReadOnlyDictionary<string, Tensor> batch)
    {
        Tensor labels = batch.TryGetValue("labels", out Tensor? classes) ? classes : batch["target"];
        return labels.ElementType == ElementType.Int32 ? Tensor.Of<long>(labels.Dimensions.AsSpan(), [.. labels.Span<int>().ToArray().Select(l => (long)l)]) : labels;
    }

    private OrtTrainingSet Set() => new()
    {
        Evaluation = OnnxFile.Read(_folder.File(OrtTrainingArtifacts.EvaluationFile)),
        Optimizer = OnnxFile.Read(_folder.File(OrtTrainingArtifacts.OptimizerFile)),
        Checkpoint = OfficialCheckpoint.Read(_folder.File(OrtTrainingArtifacts.CheckpointFile)),
        Training = OnnxFile.Read(_folder.File(OrtTrainingArtifacts.TrainingFile)),
    };

    private OrtTrainingImport Read() => OrtTrainingImport.Of(Set());

    private static OrtTrainingImport Of(OnnxBlockSet set, OrtImportOptions? options) =>
        OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(ToolsAdamW, null), Checkpoint = set.Checkpoint }, options);

    private static OnnxBlockSet Mlp(
        Func<OnnxBlockSet, OnnxGraph, Value, Value> loss, Optimizer? optimizer = null, double? clip = null, string[]? trained = null, string[]? frozen = null, string[]? outputs = null) => new(Networks.Mlp(10, 12, 5))
    {
        RequiresGrad = trained ?? ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
        FrozenParams = frozen ?? [],
        Loss = loss,
        Optimizer = optimizer ?? ToolsAdamW,
        ClipNorm = clip,
        AdditionalOutputs = outputs ?? [],
    };

    private static Loss LossOf(string name) => name switch
    {
        "mean squared" => new MeanSquaredLoss(),
        "absolute" => new L1Loss(),
        "binary" => new BinaryCrossEntropyWithLogitsLoss(),
        "huber" => new HuberLoss { Delta = 0.5 },
        _ => new SoftmaxCrossEntropyLoss(),
    };

    // image [N, 1, 8, 8] -> Conv -> scores [N, 4, 8, 8]
    private static OnnxModel Segmentation()
    {
        var graph = new OnnxGraph("segmentation");
        var random = new Random(3);
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 1, 8, 8)));
        Value kernel = graph.AddInitializer("kernel", Networks.Random(random, 1, 4, 1, 3, 3)), bias = graph.AddInitializer("bias", Networks.Random(random, 1, 4));
        graph.AddOutput(graph.AddNode("Conv", [x, kernel, bias], ["scores"], [new("pads", AttributeValue.Of(1L, 1L, 1L, 1L))]).Output(0)!);
        return new OnnxModel(graph, Networks.Opset);
    }

    // words [N, 6] -> Gather -> Gemm by rows -> logits [N, 6, 9]
    private static OnnxModel Words()
    {
        var graph = new OnnxGraph("words");
        var random = new Random(5);
        Value x = graph.AddInput("words", new TensorType(ElementType.Int64, new Shape("N", 6)));
        Value y = graph.AddNode("Gather", [graph.AddInitializer("vectors", Networks.Random(random, 1, 9, 7)), x], ["embedded"]).Output(0)!;
        y = graph.AddNode("MatMul", [y, graph.AddInitializer("fc.weight", Networks.Random(random, 1, 7, 9))], ["product"]).Output(0)!;
        graph.AddOutput(graph.AddNode("Add", [y, graph.AddInitializer("fc.bias", Networks.Random(random, 1, 9))], ["logits"]).Output(0)!);
        return new OnnxModel(graph, Networks.Opset);
    }

    // A second output that the loss does not read.
    private static OnnxModel TwoHeads()
    {
        OnnxModel model = Networks.Mlp(10, 12, 5);
        OnnxGraph graph = model.Graph;
        Value other = graph.AddNode("MatMul", [graph.Find("hidden"), graph.AddInitializer("other.weight", Networks.Random(new Random(1), 1, 12, 2))], ["other"]).Output(0)!;
        graph.AddOutput(other);
        return model;
    }

    private static OnnxModel OldOptimizer(float limit, bool isPower)
    {
        OnnxModel model = OrtOptimizerModel.Create(ToolsAdamW, null);
        OnnxGraph graph = model.Graph;
        Node update = graph.Nodes.Single();
        Value[] gradients = [.. ((string[])["fc1.weight", "fc2.bias"]).Select(p => graph.AddInput($"{p}_grad", new TensorType(ElementType.Float32, new Shape(5))))];
        Value norm = graph.AddNode("ReduceAllL2", gradients, ["norm"], null, "com.microsoft").Output(0)!;
        Value sum = graph.AddNode("Add", [norm, graph.AddInitializer("add_eps", Tensor.Vector(1e-6f))], ["sum"]).Output(0)!;
        Value ratio = graph.AddNode(isPower ? "Pow" : "Div", [graph.AddInitializer("max_norm", Tensor.Vector(limit)), sum], ["ratio"]).Output(0)!;
        Value clip = graph.AddNode("Clip", [ratio, null, graph.AddInitializer("clip_max", Tensor.Vector(1f))], ["clip"]).Output(0)!;
        Value[] clipped = [.. gradients.Select((g, i) => graph.AddNode("Mul", [g, clip], [$"clipped{i}"]).Output(0)!)];
        graph.SetInput(update, 3, graph.AddNode("SequenceConstruct", clipped, ["sequence"]).Output(0)!);
        graph.SortTopologically();
        return model;
    }

    // Any numbers for what the checkpoint does not hold; labels that every task of classes has.
    private static IReadOnlyList<IReadOnlyDictionary<string, Tensor>> Batches(OrtTrainingSet set, int count)
    {
        var random = new Random(7);
        Value[] supplied = [.. set.Evaluation.Graph.Inputs.Where(i => !set.Checkpoint.Trainable.ContainsKey(i.Name) && !set.Checkpoint.Frozen.ContainsKey(i.Name))];
        return [.. Enumerable.Range(0, count).Select(_ => supplied.ToDictionary(i => i.Name, Any))];

        Tensor Any(Value value)
        {
            long[] sizes = [.. value.Shape!.Select((d, i) => d.IsKnown ? d.Size : i == 0 ? Rows : 1)];
            return value.ElementType switch
            {
                ElementType.Int64 => Networks.Labels(random, 2, sizes),
                ElementType.Int32 => Tensor.Of<int>(sizes, [.. Networks.Labels(random, 2, sizes).Span<long>().ToArray().Select(l => (int)l)]),
                _ => Networks.Random(random, 1, sizes),
            };
        }
    }

    private static IReadOnlyList<IReadOnlyDictionary<string, Tensor>> Batches(OnnxModel evaluation, int count)
    {
        var random = new Random(7);
        HashSet<string> given = ["labels", "target"];
        Value input = evaluation.Graph.Inputs[0];
        Value labels = evaluation.Graph.Inputs.First(i => given.Contains(i.Name));
        long classes = evaluation.Graph.Find("logits")?.Shape is { } scores ? scores[scores.Rank - 1].Size : 4;
        return [.. Enumerable.Range(0, count).Select(_ => new Dictionary<string, Tensor>
        {
            [input.Name] = input.ElementType == ElementType.Int64 ? Networks.Labels(random, 9, Sizes(input)) : Networks.Random(random, 1, Sizes(input)),
            [labels.Name] = Label(labels),
        })];

        long[] Sizes(Value value) => [Rows, .. value.Shape!.Skip(1).Select(d => d.Size)];

        Tensor Label(Value value)
        {
            if (value.ElementType == ElementType.Float32)
                return Tensor.Of<float>(Sizes(value), [.. Networks.Random(random, 1, Sizes(value)).Span<float>().ToArray().Select(v => v > 0 ? 1f : 0)]);
            Tensor wide = Networks.Labels(random, (int)classes, Sizes(value));
            return value.ElementType == ElementType.Int64 ? wide : Tensor.Of<int>(wide.Dimensions.AsSpan(), [.. wide.Span<long>().ToArray().Select(l => (int)l)]);
        }
    }
}
