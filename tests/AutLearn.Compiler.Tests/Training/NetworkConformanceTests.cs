using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using AutLearn.Testing.Torch;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Compiler.Tests.Training;

[Trait("Category", "Conformance")]
public sealed class NetworkConformanceTests
{
    private const double Rate = 0.05;

    [SkippableFact]
    public void Mlp_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            Networks.Mlp(20, 32, 10), new CompileOptions { Trainable = TrainableSelection.All, Optimizer = new SgdOptimizer { Momentum = 0.9 } });
        var random = new Random(21);
        Agreement.Check(
            artifacts,
            _ => (new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 16, 20) }, Networks.Labels(random, 10, 16)),
            (twin, boundary, labels) =>
            {
                torch.Tensor h = functional.relu(functional.linear(TorchTwin.ToTorch(boundary["x"]), twin["fc1.weight"], twin["fc1.bias"]));
                return functional.cross_entropy(functional.linear(h, twin["fc2.weight"], twin["fc2.bias"]), TorchTwin.ToTorch(labels));
            },
            p => torch.optim.SGD(p, Rate, momentum: 0.9),
            Rate);
    }

    [SkippableTheory]
    [InlineData(NormalizationStatistics.Training)]
    [InlineData(NormalizationStatistics.Frozen)]
    public void Cnn_TwentySteps_AgreesWithLibtorch(NormalizationStatistics statistics)
    {
        TorchReference.SkipIfUnavailable();
        bool isTraining = statistics == NormalizationStatistics.Training;
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            Networks.Cnn(5), new CompileOptions { Trainable = TrainableSelection.All, BatchNormalization = statistics });
        OnnxModel model = Networks.Cnn(5);
        var random = new Random(22);
        Agreement.Check(
            artifacts,
            _ => (new Dictionary<string, Tensor> { ["image"] = Networks.Random(random, 1, 8, 1, 8, 8) }, Networks.Labels(random, 5, 8)),
            (twin, boundary, labels) =>
            {
                torch.Tensor y = Block(twin, model, TorchTwin.ToTorch(boundary["image"]), "conv1", isTraining);
                y = Block(twin, model, functional.max_pool2d(y, 2, 2), "conv2", isTraining).mean([2, 3]);
                return functional.cross_entropy(functional.linear(y, twin["fc.weight"], twin["fc.bias"]), TorchTwin.ToTorch(labels));
            },
            p => torch.optim.SGD(p, Rate),
            Rate);
        Assert.Equal(isTraining ? 4 : 0, artifacts.Manifest.Parameters.Count(p => p.Role == AutLearn.Graph.Artifacts.ParameterRole.Buffer));
    }

    [SkippableFact]
    public void MobileNetHead_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        OnnxModel model = OnnxFile.Read(TestData.PathOrSkip("mobilenet/mobilenet_v1_0.75_224.onnx"));
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions());
        Assert.Equal(["features"], artifacts.Manifest.Boundary.Select(b => b.Tensor.Name));
        Assert.Equal(768 * 4, artifacts.Report.BoundaryBytesPerSample);
        Assert.NotNull(artifacts.TrainStepCached);
        var random = new Random(23);
        using var runner = new StepRunner(artifacts);
        Tensor features = runner.Infer(new Dictionary<string, Tensor> { ["input"] = Networks.Random(random, 1, 8, 3, 224, 224) })["features"];
        Agreement.Check(
            artifacts,
            _ => (new Dictionary<string, Tensor> { ["features"] = features }, Networks.Labels(random, 1000, 8)),
            (twin, boundary, labels) => functional.cross_entropy(
                functional.linear(TorchTwin.ToTorch(boundary["features"]), twin["classifier.weight"], twin["classifier.bias"]), TorchTwin.ToTorch(labels)),
            p => torch.optim.SGD(p, Rate),
            Rate);
    }

    private static torch.Tensor Block(TorchTwin twin, OnnxModel model, torch.Tensor x, string name, bool isTraining)
    {
        torch.Tensor y = functional.conv2d(x, twin[$"{name}.weight"], padding: [1, 1]);
        torch.Tensor mean = isTraining ? twin[$"{name}.bn.mean"] : TorchTwin.ToTorch(model.Graph.Find($"{name}.bn.mean")!.Initializer!);
        torch.Tensor variance = isTraining ? twin[$"{name}.bn.var"] : TorchTwin.ToTorch(model.Graph.Find($"{name}.bn.var")!.Initializer!);
        y = functional.batch_norm(y, mean, variance, twin[$"{name}.bn.scale"], twin[$"{name}.bn.bias"], isTraining, 0.1, 1e-5);
        return functional.relu(y);
    }
}
