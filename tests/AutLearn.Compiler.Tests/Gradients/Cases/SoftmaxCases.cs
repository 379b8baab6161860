using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class SoftmaxCases
{
    private static readonly long[] Labels = [1, 3, 0, 2, 1, 3];

    public static IEnumerable<GradientCase> Rows =>
    [
        .. from axis in (long[])[0, 1, 2, -1, -2] select Row("Softmax", axis, x => x.softmax(axis)),
        .. from axis in (long[])[0, 1, 2, -1, -2] select Row("LogSoftmax", axis, x => x.log_softmax(axis)),
        new GradientCase("default axis", "Softmax") { Inputs = [CaseInput.Random(3, 4)], Torch = t => [t[0].softmax(-1)] },
        new GradientCase("default axis", "LogSoftmax") { Inputs = [CaseInput.Random(3, 4)], Torch = t => [t[0].log_softmax(-1)] },
        .. Losses(),
    ];

    private static GradientCase Row(string op, long axis, Func<TorchTensor, TorchTensor> reference) => new($"axis {axis}", op)
    {
        // Ties, and logits so far apart that all but one probability underflow.
        Inputs = [CaseInput.Random(2, 3, 4) with { SpecialPoints = [1, 1, 1, 1, 800, -800, 0, 0, -1e4, -1e4, 0, 1e4] }],
        Attributes = [("axis", AttributeValue.Of(axis))],
        Torch = t => [reference(t[0])],
    };

    private static IEnumerable<GradientCase> Losses()
    {
        foreach (string op in (string[])["SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"])
        {
            foreach (string reduction in (string[])["mean", "sum", "none"])
            {
                yield return Loss(op, $"{reduction}", reduction, isWeighted: false, ignore: null, isSpatial: false);
                yield return Loss(op, $"{reduction}, weights", reduction, isWeighted: true, ignore: null, isSpatial: false);
                yield return Loss(op, $"{reduction}, weights, ignored label, spatial", reduction, isWeighted: true, ignore: 1, isSpatial: true);
            }

            yield return Loss(op, "ignored label outside the classes", "mean", isWeighted: false, ignore: -100, isSpatial: false);
        }

        yield return Loss("SoftmaxCrossEntropyLoss", "second output too", "mean", isWeighted: false, ignore: null, isSpatial: false) with
        {
            OutputCount = 2,
            Torch = t =>
            {
                TorchTensor p = t[0].log_softmax(1);
                return [-p.gather(1, t[1].unsqueeze(1)).mean(), p];
            },
        };
    }

    private static GradientCase Loss(string op, string name, string reduction, bool isWeighted, long? ignore, bool isSpatial)
    {
        long[] labels = [.. Labels];
        labels[2] = ignore ?? labels[2];
        return new GradientCase(name, op)
        {
            ElementType = ElementType.Float32,
            Inputs =
            [
                isSpatial ? CaseInput.Random(2, 4, 3) : CaseInput.Random(6, 4),
                CaseInput.Fed(Tensor.Of<long>(isSpatial ? [2, 3] : [6], labels)),
                .. isWeighted ? (CaseInput[])[CaseInput.Random(Draws.Uniform(0.3, 2), 4)] : [],
            ],
            Attributes =
            [
                ("reduction", AttributeValue.Of(reduction)),
                .. ignore is { } index ? ((string, AttributeValue)[])[("ignore_index", AttributeValue.Of(index))] : [],
            ],
            Torch = t =>
            {
                TorchTensor x = op == "SoftmaxCrossEntropyLoss" ? t[0].log_softmax(1) : t[0];
                TorchTensor counted = t[1].ne(ignore ?? -100);
                TorchTensor label = t[1].where(counted, torch.zeros_like(t[1]));
                TorchTensor weight = (isWeighted ? t[2].index(label) : torch.ones(t[1].shape)) * counted;
                TorchTensor each = -weight * x.gather(1, label.unsqueeze(1)).squeeze(1);
                return [reduction switch { "mean" => each.sum() / weight.sum(), "sum" => each.sum(), _ => each }];
            },
        };
    }
}
