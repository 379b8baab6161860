using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Checking;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>What becomes of official sets, and what is said of those that cannot be taken over.</summary>
[Trait("Category", "Unit")]
public sealed class OrtTrainingImportTests
{
    public static TheoryData<string> Names => [.. OnnxBlockSets.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Import_ToolsSet_IsAPlainModelThatPredictsTheSame(string name)
    {
        OnnxBlockSet set = OnnxBlockSets.All[name]();
        OnnxModel evaluation = set.Evaluation();
        Value scores = evaluation.Graph.Find(name == "classes second of four dimensions" ? "scores" : "logits")!;
        evaluation.Graph.ClearOutputs();
        evaluation.Graph.AddOutput(scores);
        IReadOnlyDictionary<string, Tensor> batch = OfficialBatches.Of(set.Evaluation(), 1)[0];
        Dictionary<string, Tensor> feeds = new(batch);
        foreach ((string parameter, Tensor tensor) in set.Checkpoint.Trainable.Concat(set.Checkpoint.Frozen))
            feeds[parameter] = tensor;
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(set.Optimizer, set.ClipNorm), Checkpoint = set.Checkpoint, Training = set.Training() });
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
            Optimizer = OnnxBlockSets.ToolsAdamW,
            ClipNorm = 0.25,
        };
        OfficialCheckpoint checkpoint = set.Checkpoint;
        OrtTrainingImport import = OrtTrainingImport.Of(new()
        {
            Evaluation = set.Evaluation(),
            Optimizer = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, set.ClipNorm),
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
        OnnxBlockSet set = OnnxBlockSets.Mlp(
            (s, g, z) =>
            {
                Value loss = OnnxBlockLosses.CrossEntropy()(s, g, z);
                g.AddNode("Equal", [g.AddNode("ArgMax", [z], ["best"], [new("axis", AttributeValue.Of(1L)), new("keepdims", AttributeValue.Of(0L))]).Output(0)!, g.Find("labels")!], ["right"]);
                return loss;
            },
            outputs: ["hidden", "right", "logits", "best"]);
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, null), Checkpoint = set.Checkpoint });
        Assert.Equal(["logits", "hidden", "best"], import.Model.Graph.Outputs.Select(o => o.Name));
        Assert.Equal("right", Assert.Single(import.DroppedOutputs));
        Assert.Equal(["x"], import.Model.Graph.Inputs.Select(i => i.Name));
    }

    [Fact]
    public void Import_LossesThatAreNotAveraged_SayWhyAndGoOnWithAGivenOne()
    {
        Assert.Contains("sums over the batch", Refusal(OnnxBlockSets.Mlp(OnnxBlockLosses.SummedSquares)), StringComparison.Ordinal);
        Assert.Contains("sums over the batch", Refusal(OnnxBlockSets.Mlp(OnnxBlockLosses.CrossEntropy(reduction: "sum"))), StringComparison.Ordinal);
        Assert.Contains("weighs positive labels", Refusal(OnnxBlockSets.Mlp(OnnxBlockLosses.BinaryCrossEntropy(positive: 2))), StringComparison.Ordinal);
        Assert.Contains("weighed one by one", Refusal(OnnxBlockSets.Mlp(OnnxBlockLosses.BinaryCrossEntropy(weight: 2))), StringComparison.Ordinal);
        Assert.Contains("have the shape of the scores", Refusal(OnnxBlockSets.Mlp((s, g, z) => OnnxBlockLosses.Op(s, g, "ReduceMean", OnnxBlockLosses.Op(s, g, "Abs", OnnxBlockLosses.Op(s, g, "Sub", z, g.AddInput("target", new TensorType(ElementType.Float32, new Shape("N", 1)))))))), StringComparison.Ordinal);
        OnnxBlockSet unknown = OnnxBlockSets.Mlp((s, g, z) => OnnxBlockLosses.Op(s, g, "ReduceMax", OnnxBlockLosses.Op(s, g, "Sub", z, g.AddInput("target", z.Type))));
        string message = Refusal(unknown);
        Assert.Contains("computed by ReduceMax, is none that is known", message, StringComparison.Ordinal);
        Assert.Contains("--scores", message, StringComparison.Ordinal);
        OrtTrainingImport import = Of(unknown, new() { ScoresName = "logits", Loss = new HuberLoss() });
        Assert.IsType<HuberLoss>(import.Loss);
        Assert.Equal(["x"], import.Model.Graph.Inputs.Select(i => i.Name));
        Assert.IsType<MeanSquaredLoss>(Of(OnnxBlockSets.Mlp(OnnxBlockLosses.SummedSquares), new() { Loss = new MeanSquaredLoss() }).Loss);
        Assert.Contains("computes no 'none'", Assert.Throws<AutLearnException>(() => Of(unknown, new() { ScoresName = "none" })).Message, StringComparison.Ordinal);

        string Refusal(OnnxBlockSet set) => Assert.Throws<AutLearnException>(() => Of(set, null)).Message;
    }

    [Fact]
    public void Import_PartsOfTwoSets_SaysWhichDoNotBelongTogether()
    {
        OnnxBlockSet mlp = OnnxBlockSets.Mlp(OnnxBlockLosses.CrossEntropy());
        OnnxBlockSet cnn = OnnxBlockSets.All["convolutions"]();
        OnnxBlockSet half = OnnxBlockSets.Mlp(OnnxBlockLosses.CrossEntropy(), trained: ["fc2.weight", "fc2.bias"], frozen: ["fc1.weight"]);
        OnnxModel optimizer = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, null);
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
        OnnxBlockSet set = OnnxBlockSets.Mlp(OnnxBlockLosses.CrossEntropy());
        OnnxModel old = OldOptimizer(0.5f, isPower: false);
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = old, Checkpoint = set.Checkpoint });
        Assert.Equal(0.5, import.ClipNorm);
        Assert.Contains("changes the gradients", Assert.Throws<AutLearnException>(
            () => OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OldOptimizer(0.5f, isPower: true), Checkpoint = set.Checkpoint })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_BatchStatisticsAndDropoutOfTheTrainingModel_AreTakenOver()
    {
        OnnxBlockSet set = OnnxBlockSets.All["convolutions"]();
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

        OrtTrainingImport Of(OnnxModel model) => OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, null), Checkpoint = set.Checkpoint, Training = model });
    }

    [Theory]
    [InlineData(null)]
    [InlineData(6L)]
    public void Import_LinearLayersNotFolded_TrainsTheirOwnWeights(long? positions)
    {
        var set = new OnnxBlockSet(OnnxBlockSets.Unfolded(positions)) { RequiresGrad = ["fc1.weight", "fc2.weight"], Loss = OnnxBlockLosses.MeanSquared, Optimizer = OnnxBlockSets.ToolsAdamW };
        CompiledArtifacts artifacts = Compile(Of(set, null));
        Assert.Equal(["fc1.weight", "fc2.weight"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name).Order());
        Assert.True(artifacts.InitialParameters["fc1.weight"].ContentEquals(set.Checkpoint.Trainable["fc1.weight"]));
    }

    [Fact]
    public void Import_BatchNormalizationSwitchedOutOfTraining_IsMadeWhole()
    {
        OnnxBlockSet set = OnnxBlockSets.All["convolutions"]();
        OnnxModel evaluation = set.Evaluation();
        Node node = evaluation.Graph.Nodes.First(n => n.Is("BatchNormalization"));
        evaluation.Graph.AddNodeOutput(node, "next_mean");
        evaluation.Graph.AddNodeOutput(node, "next_variance");
        node.SetAttribute("training_mode", AttributeValue.Of(0L));
        Assert.ThrowsAny<OnnxRuntimeException>(() => new OrtModel(evaluation, GraphOptimizationLevel.ORT_ENABLE_ALL));
        OrtTrainingImport import = OrtTrainingImport.Of(new() { Evaluation = evaluation, Optimizer = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, null), Checkpoint = set.Checkpoint });
        using var model = new OrtModel(import.Model, GraphOptimizationLevel.ORT_ENABLE_ALL);
        Assert.Equal(OfficialBatches.Rows * 4, model.Run(OfficialBatches.Of(set.Evaluation(), 1)[0])["logits"].Count);
        Compile(import);
    }

    private static CompiledArtifacts Compile(OrtTrainingImport import) => ModelCompiler.Compile(import.Model, import.ToCompileOptions("imported"));

    private static OrtTrainingImport Of(OnnxBlockSet set, OrtImportOptions? options) =>
        OrtTrainingImport.Of(new() { Evaluation = set.Evaluation(), Optimizer = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, null), Checkpoint = set.Checkpoint }, options);

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
        OnnxModel model = OrtOptimizerModel.Create(OnnxBlockSets.ToolsAdamW, null);
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
}
