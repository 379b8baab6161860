using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing.Networks;
using AutLearn.Testing.Torch;
using TorchSharp;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Networks whose every parameter learns, batch normalization in training mode.</summary>
[Trait("Category", "Conformance")]
public sealed class WholeNetworkConformanceTests
{
    // Through dozens of layers and normalizations over small batches single roundings grow; losses stay close.
    private const double LossTolerance = 1e-4;
    private const double ParameterTolerance = 2e-3;

    private static readonly CompileOptions Whole = new()
    {
        Trainable = TrainableSelection.All,
        BatchNormalization = NormalizationStatistics.Training,
        Optimizer = new SgdOptimizer { Momentum = 0.9 },
    };

    // One batch, over and over, at a rate at which rounding does not take over but the network learns.
    [SkippableFact]
    public void MobileNetV1_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        var random = new Random(61);
        Tensor images = Networks.Random(random, 1, 32, 3, 64, 64), labels = Networks.Labels(random, 10, 32);
        float[] losses = CheckImages(MobileNetV1.Create(0.5, 64, 10), MobileNetV1.Forward, () => (images, labels), rate: 5e-6);
        Assert.True(losses[^1] < 0.9 * losses[0], $"The loss went from {losses[0]} to {losses[^1]}.");
    }

    // At higher rates, 27 normalized layers amplify single roundings so much that libtorch in Float32 departs from libtorch in Float64 within three
    // steps of noise. Then that is the measure: our departure from the double-precision run is of the size of libtorch's own.
    [SkippableFact]
    public void MobileNetV1_TwentySteps_StaysAsCloseToDoublePrecisionAsLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        const double rate = 1e-4;
        CompiledArtifacts artifacts = ModelCompiler.Compile(MobileNetV1.Create(0.5, 64, 10), Whole);
        using var runner = new StepRunner(artifacts);
        using var single = new TorchTwin(artifacts);
        using var exact = new TorchTwin(artifacts, torch.ScalarType.Float64);
        using torch.optim.Optimizer singleDescent = torch.optim.SGD(single.Trainable, rate, momentum: 0.9);
        using torch.optim.Optimizer exactDescent = torch.optim.SGD(exact.Trainable, rate, momentum: 0.9);
        var random = new Random(61);
        double ours = 0, theirs = 0;
        for (int step = 0; step < 20; step++)
        {
            Tensor images = Networks.Random(random, 1, 16, 3, 64, 64), labels = Networks.Labels(random, 10, 16);
            double expected = exact.Step(exactDescent, t => Loss(t, images, labels, torch.ScalarType.Float64));
            double libtorch = single.Step(singleDescent, t => Loss(t, images, labels, torch.ScalarType.Float32));
            double actual = runner.Step(new Dictionary<string, Tensor> { ["image"] = images }, labels, (float)rate)[artifacts.Manifest.LossOutput].Span<float>()[0];
            ours = Math.Max(ours, Math.Abs(actual - expected) / expected);
            theirs = Math.Max(theirs, Math.Abs(libtorch - expected) / expected);
            Assert.True(ours <= (4 * theirs) + LossTolerance, $"Step {step}: our loss departs by {ours}, libtorch's by {theirs}.");
        }

        foreach (string layer in (string[])["stem", "dw0", "pw5", "dw12"])
        {
            float[] a = runner.Floats($"{layer}.weight"), b = single.Floats($"{layer}.weight"), c = exact.Floats($"{layer}.weight");
            double ourDistance = Distance(a, c), theirDistance = Distance(b, c);
            Assert.True(ourDistance <= 3 * theirDistance, $"{layer}: our weights depart by {ourDistance}, libtorch's by {theirDistance}.");
        }

        static torch.Tensor Loss(TorchTwin twin, Tensor images, Tensor labels, torch.ScalarType type) =>
            torch.nn.functional.cross_entropy(MobileNetV1.Forward(n => twin[n], TorchTwin.ToTorch(images).to(type)), TorchTwin.ToTorch(labels));

        static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum());
    }

    [SkippableFact]
    public void ResNet18_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        var random = new Random(62);
        CheckImages(
            ResNet18.Create(16, 64, 10),
            ResNet18.Forward,
            () => (Networks.Random(random, 1, 16, 3, 64, 64), Networks.Labels(random, 10, 16)),
            rate: 1e-4);
    }

    [SkippableFact]
    public void TransformerEncoder_TwentySteps_AgreesWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        const int words = 50;
        const int length = 12;
        const int classes = 5;
        var random = new Random(63);
        Agreement.Check(
            ModelCompiler.Compile(TransformerEncoder.Create(words, length, 32, classes), Whole),
            _ => (new Dictionary<string, Tensor> { ["tokens"] = Networks.Labels(random, words, 8, length) }, Networks.Labels(random, classes, 8)),
            (twin, boundary, labels) => torch.nn.functional.cross_entropy(TransformerEncoder.Forward(n => twin[n], TorchTwin.ToTorch(boundary["tokens"])), TorchTwin.ToTorch(labels)),
            p => torch.optim.SGD(p, 0.01, momentum: 0.9),
            0.01,
            lossTolerance: LossTolerance,
            parameterTolerance: ParameterTolerance);
    }

    private static float[] CheckImages(OnnxModel model, Func<Func<string, torch.Tensor>, torch.Tensor, torch.Tensor> forward, Func<(Tensor Images, Tensor Labels)> next, double rate)
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, Whole);
        return Agreement.Check(
            artifacts,
            _ =>
            {
                (Tensor images, Tensor labels) = next();
                return (new Dictionary<string, Tensor> { ["image"] = images }, labels);
            },
            (twin, boundary, labels) => torch.nn.functional.cross_entropy(forward(n => twin[n], TorchTwin.ToTorch(boundary["image"])), TorchTwin.ToTorch(labels)),
            p => torch.optim.SGD(p, rate, momentum: 0.9),
            rate,
            lossTolerance: LossTolerance,
            parameterTolerance: ParameterTolerance);
    }
}
