using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests;

[Trait("Category", "Unit")]
public sealed class ModelCompilerTests
{
    [Fact]
    public void Compile_Head_FusesTheUpdateIntoTheProduct()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(8, 5), new CompileOptions());
        Node update = artifacts.TrainStep.Graph.Find("fc.weight.next")!.Producer!;
        Assert.Equal("Gemm", update.OpType);
        Assert.Equal("fc.weight", update.Inputs[2]!.Name);
        Assert.Equal(["features", "labels", "fc.weight", "fc.bias", "learning_rate"], artifacts.TrainStep.Graph.Inputs.Select(i => i.Name));
        Assert.Equal(["features", "logits", "labels", "fc.weight", "fc.bias", "learning_rate"], artifacts.TrainStepCached!.Graph.Inputs.Select(i => i.Name));
        Assert.Single(artifacts.TrainStepCached.Graph.Nodes, n => n.Is("Gemm"));
    }

    [Theory]
    [InlineData(128, 200, true)]
    [InlineData(8, 5, false)]
    public void Compile_Head_GivesTheFactorsOfTheGradientWhereTheyAreMuchSmaller(int features, int classes, bool areGiven)
    {
        foreach (Optimizer optimizer in (Optimizer[])[new SgdOptimizer(), new SgdOptimizer { Momentum = 0.9 }, new AdamOptimizer(), new AdamWOptimizer(), new AdagradOptimizer(), new RmsPropOptimizer()])
        {
            CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(features, classes), new CompileOptions { Optimizer = optimizer });
            if (!areGiven)
            {
                Assert.Empty(artifacts.Manifest.GradientFactors);
                continue;
            }

            GradientFactorsSpec factors = Assert.Single(artifacts.Manifest.GradientFactors);
            Assert.Equal("fc.weight", factors.Parameter);
            Assert.Equal(optimizer is SgdOptimizer { Momentum: 0 }, factors.IncludesLearningRate);
            foreach (OnnxModel step in (OnnxModel[])[artifacts.TrainStep, artifacts.TrainStepCached!])
                Assert.All((string[])[factors.Left.Name, factors.Right.Name], n => Assert.True(n == "features" || step.Graph.Find(n)!.IsOutput));
        }
    }

    [Fact]
    public void Compile_LastLayerOfMlp_KeepsTheHiddenLayerAsBoundary()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Mlp(6, 4, 3), new CompileOptions());
        ArtifactManifest manifest = artifacts.Manifest;
        Assert.Equal(["hidden"], manifest.Boundary.Select(b => b.InferenceOutput));
        Assert.Equal(["logits", "probabilities"], manifest.Predictions.Select(p => p.Name));
        Assert.Equal(["N", "3"], manifest.Logits.Shape.AsEnumerable());
        Assert.Equal(["fc2.weight", "fc2.bias"], manifest.Parameters.Select(p => p.Tensor.Name));
        Assert.Equal(16, artifacts.Report.BoundaryBytesPerSample);
        Assert.Equal(15, artifacts.Report.TrainableParameters);
        Assert.Equal(28, artifacts.Report.FrozenParameters);
    }

    [Fact]
    public void Compile_Twice_GivesTheSameBytesAndLeavesTheModelAlone()
    {
        OnnxModel model = Networks.Cnn(5);
        byte[] before = OnnxFile.ToBytes(model);
        var options = new CompileOptions { Trainable = TrainableSelection.All, BatchNormalization = NormalizationStatistics.Training };
        CompiledArtifacts first = ModelCompiler.Compile(model, options);
        CompiledArtifacts second = ModelCompiler.Compile(Networks.Cnn(5), options);
        Assert.Equal(before, OnnxFile.ToBytes(model));
        Assert.Equal(first.Manifest.Files.AsEnumerable(), second.Manifest.Files.AsEnumerable());
        Assert.Equal(first.Manifest.BackboneSha256, second.Manifest.BackboneSha256);
        Assert.Equal(first.Manifest.BaseModelSha256, second.Manifest.BaseModelSha256);
    }

    [Theory]
    [InlineData(GraphOptimizationLevel.ORT_DISABLE_ALL)]
    [InlineData(GraphOptimizationLevel.ORT_ENABLE_ALL)]
    public void Compile_LastLayer_TrainsInOnnxRuntime(GraphOptimizationLevel level)
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Mlp(6, 16, 3), new CompileOptions());
        using var runner = new StepRunner(artifacts, level);
        var random = new Random(5);
        Tensor x = Networks.Random(random, 1, 16, 6);
        Tensor y = Networks.Labels(random, 3, 16);
        IReadOnlyDictionary<string, Tensor> inferred = runner.Infer(new Dictionary<string, Tensor> { ["x"] = x });
        float first = runner.Evaluate(inferred, y)["loss"].Span<float>()[0];
        for (int i = 0; i < 50; i++)
            runner.Step(inferred, y, 0.5f);
        float last = runner.Evaluate(inferred, y)["loss"].Span<float>()[0];
        Assert.True(last < first - 0.1, $"{first} -> {last}");
    }

    [Fact]
    public void CachedStep_ScoresOfTheSameParameters_GivesTheSameStep()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Mlp(6, 16, 3), new CompileOptions { Trainable = TrainableSelection.All });
        using var full = new StepRunner(artifacts);
        using var cached = new StepRunner(artifacts);
        var random = new Random(8);
        for (int step = 0; step < 5; step++)
        {
            var x = new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 16, 6) };
            Tensor y = Networks.Labels(random, 3, 16);
            var withLogits = new Dictionary<string, Tensor>(x) { ["logits"] = cached.Infer(x)["logits"] };
            float a = full.Step(x, y, 0.1f)["loss"].Span<float>()[0];
            float b = cached.CachedStep(withLogits, y, 0.1f)["loss"].Span<float>()[0];
            Assert.Equal(a, b, 1e-6f);
            foreach (string name in artifacts.InitialParameters.Keys)
            {
                foreach ((float p, float q) in full.Floats(name).Zip(cached.Floats(name)))
                    Assert.Equal(p, q, 1e-6f);
            }
        }
    }

    [Fact]
    public void Compile_BatchStatistics_HasNoCachedStepAndSaysWhy()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            Networks.Cnn(5), new CompileOptions { Trainable = TrainableSelection.All, BatchNormalization = NormalizationStatistics.Training });
        Assert.Null(artifacts.TrainStepCached);
        Assert.Contains("Batch statistics", artifacts.Report.NoCachedStepBecause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Step_TrainingDropout_DependsOnTheSeedAlone(bool isExportedSo)
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(2));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6)));
        Value h = Networks.Dense(graph, x, "fc1", random, 6, 32, null);
        Value? mode = isExportedSo ? graph.AddInitializer("training", Tensor.Scalar(true)) : null;
        h = graph.AddNode("Dropout", [h, graph.AddInitializer("ratio", Tensor.Scalar(0.5f)), mode], ["dropped"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, h, "fc2", random, 32, 3, "logits"));
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            new OnnxModel(graph, Networks.Opset), new CompileOptions { Trainable = TrainableSelection.All, TrainingDropout = !isExportedSo });
        Assert.NotNull(artifacts.Manifest.SeedInput);
        Assert.Null(artifacts.TrainStepCached);
        var feeds = new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 8, 6) };
        Tensor labels = Networks.Labels(random, 3, 8);
        Assert.Equal(LossOf(1), LossOf(1));
        Assert.NotEqual(LossOf(1), LossOf(2));

        float LossOf(long seed)
        {
            using var runner = new StepRunner(artifacts);
            return runner.Step(feeds, labels, 0.1f, seed)["loss"].Span<float>()[0];
        }
    }

    [Fact]
    public void Evaluate_Rows_AreRightWhereTheBestScoreIsTheLabel()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(4, 3), new CompileOptions());
        using var runner = new StepRunner(artifacts);
        var random = new Random(9);
        var x = new Dictionary<string, Tensor> { ["features"] = Networks.Random(random, 3, 20, 4) };
        Tensor y = Networks.Labels(random, 3, 20);
        float[] logits = runner.Infer(x)["logits"].Span<float>().ToArray();
        IReadOnlyDictionary<string, Tensor> result = runner.Evaluate(x, y);
        bool[] rows = result["correct_rows"].Span<bool>().ToArray();
        for (int i = 0; i < 20; i++)
            Assert.Equal(logits[(3 * i)..(3 * i + 3)].Index().MaxBy(p => p.Item).Index == y.Span<long>()[i], rows[i]);
        Assert.Equal(rows.Count(r => r), result["correct_count"].Span<long>()[0]);
        Assert.Equal(20, result["label_count"].Span<long>()[0]);
    }

    [Fact]
    public void Save_Folder_OpensAsAPackage()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"autlearn-{Guid.NewGuid():N}");
        try
        {
            CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(4, 3), new CompileOptions { ModelName = "head" });
            artifacts.Save(folder);
            artifacts.SavePackage(Path.Combine(folder, "head.autlearn"));
            foreach (string path in (string[])[folder, Path.Combine(folder, "head.autlearn")])
            {
                using var package = ArtifactPackage.Open(path);
                package.Verify();
                Assert.Equal("head", package.Manifest.ModelName);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Compile_Cancelled_Throws() =>
        Assert.Throws<OperationCanceledException>(() => ModelCompiler.Compile(Networks.Head(4, 3), new CompileOptions(), null, new CancellationToken(canceled: true)));
}
