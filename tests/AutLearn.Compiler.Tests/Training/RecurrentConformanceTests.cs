using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing.Torch;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Compiler.Tests.Training;

[Trait("Category", "Conformance")]
public sealed class RecurrentConformanceTests
{
    [SkippableFact]
    public void LstmLanguageModel_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            RecurrentNetworks.LstmLanguageModel(), new CompileOptions { Trainable = TrainableSelection.All, ClipNorm = 1 });
        Assert.Equal(9, artifacts.Manifest.Parameters.Length);
        Assert.DoesNotContain(artifacts.TrainStep.Graph.Nodes, n => n.Is("LSTM"));
        Assert.Equal(2, artifacts.Inference.Graph.Nodes.Count(n => n.Is("LSTM")));
        var random = new Random(51);
        Agreement.Check(
            artifacts,
            step =>
            {
                // Batch and length vary from step to step.
                int batch = 4 + (step % 3), length = 5 + (step % 4);
                return (
                    new Dictionary<string, Tensor> { ["tokens"] = Networks.Labels(random, RecurrentNetworks.Words, batch, length) },
                    Networks.Labels(random, RecurrentNetworks.Words, batch, length));
            },
            (twin, boundary, labels) => functional.cross_entropy(
                RecurrentNetworks.Lstm(twin, TorchTwin.ToTorch(boundary["tokens"])), TorchTwin.ToTorch(labels).reshape(-1)),
            p => torch.optim.SGD(p, 1),
            1,
            clip: 1);
    }

    // The frozen layer below gives [T, N, hidden]; what is kept per sample must have the batch first.
    [Fact]
    public void LstmLanguageModel_LowerLayerFrozen_BoundaryHasBatchFirst()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            RecurrentNetworks.LstmLanguageModel(), new CompileOptions { Trainable = TrainableSelection.Patterns("l1.W", "l1.R", "l1.B", "fc.weight", "fc.bias") });

        Assert.Equal(["N", "T", "16"], artifacts.Manifest.Boundary.Single().Tensor.Shape.AsEnumerable());
        using var runner = new StepRunner(artifacts);
        var random = new Random(53);
        var inputs = new Dictionary<string, Tensor> { ["tokens"] = Networks.Labels(random, RecurrentNetworks.Words, 4, 6) };
        string kept = artifacts.Manifest.Boundary[0].Tensor.Name;
        var boundary = new Dictionary<string, Tensor> { [kept] = runner.Infer(inputs)[kept] };
        Tensor labels = Networks.Labels(random, RecurrentNetworks.Words, 4, 6);
        float first = runner.Step(boundary, labels, 0.5f)[artifacts.Manifest.LossOutput].Span<float>()[0];
        float second = runner.Step(boundary, labels, 0.5f)[artifacts.Manifest.LossOutput].Span<float>()[0];
        Assert.True(second < first, $"The loss rose from {first} to {second}.");
    }

    [SkippableFact]
    public void GruClassifier_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        const int classes = 4;
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            RecurrentNetworks.GruClassifier(classes), new CompileOptions { Trainable = TrainableSelection.All, Optimizer = new SgdOptimizer { Momentum = 0.9 } });
        Assert.Equal(6, artifacts.Manifest.Parameters.Length);
        Assert.DoesNotContain(artifacts.TrainStep.Graph.Nodes, n => n.Is("GRU"));
        var random = new Random(52);
        Agreement.Check(
            artifacts,
            step => (
                new Dictionary<string, Tensor> { ["tokens"] = Networks.Labels(random, RecurrentNetworks.Words, 8, 4 + (step % 5)) },
                Networks.Labels(random, classes, 8)),
            (twin, boundary, labels) => functional.cross_entropy(
                RecurrentNetworks.Gru(twin, TorchTwin.ToTorch(boundary["tokens"])), TorchTwin.ToTorch(labels)),
            p => torch.optim.SGD(p, 0.05, momentum: 0.9),
            0.05);
    }
}
