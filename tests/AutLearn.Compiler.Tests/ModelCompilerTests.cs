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
}
