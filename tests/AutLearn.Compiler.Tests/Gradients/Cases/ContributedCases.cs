using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>ONNX Runtime's own operators; its CPU kernels take Float32 alone.</summary>
internal static class ContributedCases
{
    private const string Domain = "com.microsoft";

    public static IEnumerable<GradientCase> Rows => [.. MatMulRows(), .. BatchBehindRows(), .. GeluRows(), .. NormalizationRows()];

    private static IEnumerable<GradientCase> MatMulRows()
    {
        foreach (bool transA in (bool[])[false, true])
        {
            foreach (bool transB in (bool[])[false, true])
            {
                yield return MatMul("matrices", transA, transB, [], []);
                yield return MatMul("batch", transA, transB, [2], [2]);
                yield return MatMul("one matrix for the batch", transA, transB, [2, 3], []);
                yield return MatMul("broadcast batch", transA, transB, [2, 1], [3]);
            }
        }
    }

    // [rows, batch, columns] on the left; for the right [columns, batch, rows] too
    private static IEnumerable<GradientCase> BatchBehindRows()
    {
        foreach (bool transA in (bool[])[false, true])
        {
            foreach (bool transB in (bool[])[false, true])
            {
                yield return new GradientCase($"batch behind, transA {transA}, transB {transB}", "FusedMatMul")
                {
                    Domain = Domain,
                    ElementType = ElementType.Float32,
                    Inputs = [CaseInput.Random(transA ? [4, 2, 3] : [3, 2, 4]), CaseInput.Random(transB ? [5, 2, 4] : [4, 2, 5])],
                    Build = (g, inputs) =>
                    {
                        Value y = g.Ops(Domain, "FusedMatMul", 1, inputs, ("alpha", AttributeValue.Of(0.5f)), ("transA", AttributeValue.Of(transA ? 1L : 0L)), ("transB", AttributeValue.Of(transB ? 1L : 0L)), ("transBatchA", AttributeValue.Of(1L)), ("transBatchB", AttributeValue.Of(1L)))[0];
                        Assert.True(y.Shape is { Rank: 3 } shape && (!shape.IsStatic || shape.Equals(new Shape(2, 3, 5))));
                        return [y];
                    },
                    Torch = t => [torch.matmul(transA ? t[0].permute(1, 2, 0) : t[0].transpose(0, 1), transB ? t[1].permute(1, 2, 0) : t[1].transpose(0, 1)) * 0.5f],
                };
            }
        }
    }

    private static GradientCase MatMul(string name, bool transA, bool transB, long[] aBatch, long[] bBatch) => new($"{name}, transA {transA}, transB {transB}", "FusedMatMul")
    {
        Domain = Domain,
        ElementType = ElementType.Float32,
        Inputs = [CaseInput.Random([.. aBatch, .. transA ? (long[])[4, 3] : [3, 4]]), CaseInput.Random([.. bBatch, .. transB ? (long[])[5, 4] : [4, 5]])],
        Attributes = [("alpha", AttributeValue.Of(0.5f)), ("transA", AttributeValue.Of(transA ? 1L : 0L)), ("transB", AttributeValue.Of(transB ? 1L : 0L))],
        Torch = t => [torch.matmul(transA ? t[0].transpose(-1, -2) : t[0], transB ? t[1].transpose(-1, -2) : t[1]) * 0.5f],
    };

    private static IEnumerable<GradientCase> GeluRows()
    {
        yield return Gelu("", "Gelu", t => F.gelu(t[0]), CaseInput.Random(2, 3));
        yield return Gelu("no bias", "FastGelu", t => ByTanh(t[0]), CaseInput.Random(2, 3, 4));
        yield return Gelu("bias", "FastGelu", t => ByTanh(t[0] + t[1]), CaseInput.Random(2, 3, 4), CaseInput.Parameter(4));
        yield return Gelu("alpha 1.702", "QuickGelu", t => t[0] * (1.702 * t[0]).sigmoid(), CaseInput.Random(2, 3, 4));
        yield return Gelu("bias", "BiasGelu", t => F.gelu(t[0] + t[1]), CaseInput.Random(2, 3, 4), CaseInput.Parameter(4));
    }

    private static GradientCase Gelu(string name, string opType, Func<TorchTensor[], TorchTensor> torchForward, params CaseInput[] inputs) => new(name, opType)
    {
        Domain = Domain,
        ElementType = ElementType.Float32,
        Inputs = [.. inputs],
        Torch = t => [torchForward(t)],
    };

    private static TorchTensor ByTanh(TorchTensor x) => 0.5 * x * (1 + torch.tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x.pow(3)))));

    private static IEnumerable<GradientCase> NormalizationRows()
    {
        yield return Normalization("beta and bias", beta: true, bias: true, sum: false);
        yield return Normalization("gamma alone", beta: false, bias: false, sum: false);
        yield return Normalization("bias without beta", beta: false, bias: true, sum: false);
        yield return Normalization("sum as output", beta: true, bias: true, sum: true);
    }

    private static GradientCase Normalization(string name, bool beta, bool bias, bool sum) => new(name, "SkipLayerNormalization")
    {
        Domain = Domain,
        ElementType = ElementType.Float32,
        Inputs =
        [
            CaseInput.Random(2, 3, 8) with { SymbolicAxes = [0, 1] },
            CaseInput.Random(2, 3, 8) with { SymbolicAxes = [0, 1] },
            CaseInput.Parameter(8),
            beta ? CaseInput.Parameter(8) : CaseInput.Absent,
            bias ? CaseInput.Parameter(8) : CaseInput.Absent,
        ],
        Build = (g, inputs) =>
        {
            Value[] outputs = g.Ops(Domain, "SkipLayerNormalization", sum ? 4 : 1, inputs, ("epsilon", AttributeValue.Of(0.125f)));
            return sum ? [outputs[0], outputs[3]] : [outputs[0]];
        },
        Torch = t =>
        {
            TorchTensor s = bias ? t[0] + t[1] + t[4] : t[0] + t[1];
            TorchTensor y = F.layer_norm(s, [8], t[2], beta ? t[3] : null, 0.125);
            return sum ? [y, s] : [y];
        },
    };
}
