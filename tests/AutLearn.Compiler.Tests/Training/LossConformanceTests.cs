using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Testing.Torch;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Compiler.Tests.Training;

[Trait("Category", "Conformance")]
public sealed class LossConformanceTests
{
    private const double Rate = 0.5;

    public static TheoryData<bool, double, long> CrossEntropyRows()
    {
        var rows = new TheoryData<bool, double, long>();
        foreach (bool isWeighted in (bool[])[false, true])
        {
            foreach (double smoothing in (double[])[0, 0.1])
            {
                rows.Add(isWeighted, smoothing, long.MinValue);
                rows.Add(isWeighted, smoothing, -100);
                rows.Add(isWeighted, smoothing, 2);
            }
        }

        return rows;
    }

    [SkippableTheory]
    [MemberData(nameof(CrossEntropyRows))]
    public void SoftmaxCrossEntropy_Options_AgreeWithLibtorch(bool isWeighted, double smoothing, long ignoreIndex)
    {
        TorchReference.SkipIfUnavailable();
        float[] weights = [0.5f, 2, 1, 0, 1.5f];
        bool ignores = ignoreIndex != long.MinValue;
        var loss = new SoftmaxCrossEntropyLoss
        {
            ClassWeights = isWeighted ? [.. weights] : [],
            LabelSmoothing = smoothing,
            IgnoreIndex = ignores ? ignoreIndex : null,
        };
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(6, 5), new CompileOptions { Loss = loss });
        var random = new Random(3);
        Agreement.Check(
            artifacts,
            _ =>
            {
                long[] labels = Networks.Labels(random, 5, 10).Span<long>().ToArray();
                if (ignores)
                    labels[1] = labels[7] = ignoreIndex;
                return (new Dictionary<string, Tensor> { ["features"] = Networks.Random(random, 2, 10, 6) }, Tensor.Vector<long>(labels));
            },
            (twin, boundary, labels) => functional.cross_entropy(
                functional.linear(TorchTwin.ToTorch(boundary["features"]), twin["fc.weight"], twin["fc.bias"]),
                TorchTwin.ToTorch(labels),
                isWeighted ? torch.tensor(weights) : null,
                ignores ? ignoreIndex : -100,
                label_smoothing: smoothing),
            p => torch.optim.SGD(p, Rate),
            Rate);
    }

    [SkippableFact]
    public void SoftmaxCrossEntropy_Sequences_AgreeWithLibtorch()
    {
        TorchReference.SkipIfUnavailable();
        var random = new Random(4);
        var graph = new OnnxGraph("sequence");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", "T", 6)));
        Value w = graph.AddInitializer("w", Networks.Random(random, 0.5, 6, 5));
        Value b = graph.AddInitializer("b", Networks.Random(random, 0.5, 5));
        Value product = graph.AddNode("MatMul", [x, w], ["product"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Add", [product, b], ["logits"]).Outputs[0]!);
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            new OnnxModel(graph, Networks.Opset), new CompileOptions { Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -1 } });
        Assert.Equal(["N", "T"], artifacts.Manifest.Labels.Shape.AsEnumerable());
        Agreement.Check(
            artifacts,
            _ =>
            {
                long[] labels = Networks.Labels(random, 5, 12).Span<long>().ToArray();
                labels[0] = labels[5] = -1;
                return (new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 2, 3, 4, 6) }, Tensor.Of<long>([3, 4], labels));
            },
            (twin, boundary, labels) => functional.cross_entropy(
                (torch.matmul(TorchTwin.ToTorch(boundary["x"]), twin["w"]) + twin["b"]).reshape(-1, 5),
                TorchTwin.ToTorch(labels).reshape(-1),
                null,
                -1),
            p => torch.optim.SGD(p, Rate),
            Rate);
    }

    [SkippableTheory]
    [InlineData("bce")]
    [InlineData("mse")]
    [InlineData("l1")]
    [InlineData("huber")]
    [InlineData("huber-0.3")]
    public void RowwiseLosses_AgreeWithLibtorch(string name)
    {
        TorchReference.SkipIfUnavailable();
        Loss ours = name switch
        {
            "bce" => new BinaryCrossEntropyWithLogitsLoss(),
            "mse" => new MeanSquaredLoss(),
            "l1" => new L1Loss(),
            "huber" => new HuberLoss(),
            _ => new HuberLoss { Delta = 0.3 },
        };
        Func<torch.Tensor, torch.Tensor, torch.Tensor> theirs = name switch
        {
            "bce" => (z, y) => functional.binary_cross_entropy_with_logits(z, y),
            "mse" => (z, y) => functional.mse_loss(z, y),
            "l1" => (z, y) => functional.l1_loss(z, y),
            "huber" => (z, y) => functional.huber_loss(z, y, 1.0),
            _ => (z, y) => functional.huber_loss(z, y, 0.3),
        };
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(6, 5), new CompileOptions { Loss = ours });
        var random = new Random(6);
        Agreement.Check(
            artifacts,
            _ => (
                new Dictionary<string, Tensor> { ["features"] = Networks.Random(random, name == "bce" ? 30 : 2, 10, 6) },
                Networks.Shifted(Networks.Random(random, 0.5, 10, 5), 0.5f)),
            (twin, boundary, labels) => theirs(functional.linear(TorchTwin.ToTorch(boundary["features"]), twin["fc.weight"], twin["fc.bias"]), TorchTwin.ToTorch(labels)),
            p => torch.optim.SGD(p, 0.1),
            0.1);
    }
}
