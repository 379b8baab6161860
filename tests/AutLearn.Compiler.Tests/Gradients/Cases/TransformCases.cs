using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Fourier transforms, determinants, cumulative products, and blocks put together.</summary>
internal static class TransformCases
{
    public static IEnumerable<GradientCase> Rows => [.. FourierRows(), .. DeterminantRows(), .. ProductRows(), .. BlockRows()];

    private static IEnumerable<GradientCase> FourierRows()
    {
        foreach (long opset in (long[])[18, 20])
        {
            foreach (bool inverse in (bool[])[false, true])
            {
                yield return Fourier($"complex, opset {opset}, inverse {inverse}", opset, [2, 6, 2], null, inverse, onesided: false);
                yield return Fourier($"complex, longer, opset {opset}, inverse {inverse}", opset, [2, 5, 2], 8, inverse, onesided: false);
                yield return Fourier($"real, shorter, opset {opset}, inverse {inverse}", opset, [2, 7, 1], 5, inverse, onesided: false);
            }

            yield return Fourier($"half a spectrum of an even number, opset {opset}", opset, [2, 6, 1], null, inverse: false, onesided: true);
            yield return Fourier($"half a spectrum of an odd number, opset {opset}", opset, [2, 5, 1], null, inverse: false, onesided: true);
        }
    }

    private static GradientCase Fourier(string name, long opset, long[] shape, long? length, bool inverse, bool onesided)
    {
        CaseInput given = length is { } n ? CaseInput.Constant(Tensor.Scalar(n)) : CaseInput.Absent;
        (string, AttributeValue)[] attributes = [("inverse", AttributeValue.Of(inverse ? 1L : 0L)), ("onesided", AttributeValue.Of(onesided ? 1L : 0L))];
        return new(name, "DFT")
        {
            Opset = opset,
            Inputs = [CaseInput.Random(shape) with { SymbolicAxes = [0] }, given, .. opset < 20 ? (CaseInput[])[] : [CaseInput.Constant(Tensor.Scalar(1L))]],
            Attributes = [.. attributes, .. opset < 20 ? ((string, AttributeValue)[])[("axis", AttributeValue.Of(1L))] : []],
            Torch = t => [Transform(t[0], length ?? shape[1], inverse, onesided)],
            ToleranceFactor = 1e2, // ONNX Runtime's sines and cosines are of single precision
        };
    }

    // By the matrices of cosines and sines
    private static TorchTensor Transform(TorchTensor x, long n, bool inverse, bool onesided)
    {
        long given = Math.Min(n, x.shape[1]), kept = onesided ? (n / 2) + 1 : n;
        x = x.narrow(1, 0, given);
        TorchTensor re = x.select(2, 0), im = x.shape[2] == 2 ? x.select(2, 1) : torch.zeros_like(re);
        TorchTensor angles = torch.outer(torch.arange(given, torch.float64), torch.arange(kept, torch.float64)) * (2 * Math.PI / n);
        TorchTensor c = angles.cos(), s = angles.sin() * (inverse ? 1 : -1);
        TorchTensor y = torch.stack([torch.matmul(re, c) - torch.matmul(im, s), torch.matmul(re, s) + torch.matmul(im, c)], 2);
        return inverse ? y / n : y;
    }

    private static IEnumerable<GradientCase> DeterminantRows()
    {
        foreach (long n in (long[])[1, 2, 3, 5])
        {
            yield return new GradientCase($"{n} rows", "Det")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(2, n, n) with { SymbolicAxes = [0] }],
                Torch = t => [torch.linalg.det(t[0])],
            };
        }

        yield return new GradientCase("of rank n - 1", "Det")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 2) with { SymbolicAxes = [], SpecialPoints = [1, 2, 2, 4] }],
            Torch = t => [(t[0][0, 0] * t[0][1, 1]) - (t[0][0, 1] * t[0][1, 0])],
        };
    }

    private static IEnumerable<GradientCase> ProductRows()
    {
        foreach (bool exclusive in (bool[])[false, true])
        {
            foreach (bool reverse in (bool[])[false, true])
            {
                yield return new GradientCase($"exclusive {exclusive}, reverse {reverse}", "CumProd")
                {
                    Opset = 26,
                    ElementType = ElementType.Float32,
                    Inputs = [CaseInput.Random(2, 4, 3) with { SymbolicAxes = [0], SpecialPoints = [0, 1, 2, 3, 0, 2, 0, 5] }, CaseInput.Constant(Tensor.Scalar(1L))],
                    Attributes = [("exclusive", AttributeValue.Of(exclusive ? 1L : 0L)), ("reverse", AttributeValue.Of(reverse ? 1L : 0L))],
                    Torch = t => [Products(t[0], exclusive, reverse)],
                };
            }
        }
    }

    private static TorchTensor Products(TorchTensor x, bool exclusive, bool reverse)
    {
        var written = new TorchTensor[4];
        TorchTensor product = torch.ones(2, 3);
        foreach (int i in reverse ? (int[])[3, 2, 1, 0] : [0, 1, 2, 3])
        {
            TorchTensor next = product * x.select(1, i);
            written[i] = exclusive ? product : next;
            product = next;
        }

        return torch.stack(written, 1);
    }

    private static IEnumerable<GradientCase> BlockRows()
    {
        yield return new GradientCase("overlapping blocks, pads and dilations", "Col2Im")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 12, 12) with { SymbolicAxes = [0] }, CaseInput.Ints(5, 4), CaseInput.Ints(2, 3)],
            Attributes = [("pads", AttributeValue.Of(1L, 1L, 1L, 1L)), ("dilations", AttributeValue.Of(2L, 1L)), ("strides", AttributeValue.Of(2L, 1L))],
            Torch = t => [torch.nn.functional.fold(t[0], (5, 4), (2, 3), (2, 1), (1, 1), (2, 1))],
        };
        foreach (string mode in (string[])["linear", "circular"])
        {
            yield return new GradientCase(mode, "TensorScatter")
            {
                Opset = 24,
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(2, 1, 4, 3) with { SymbolicAxes = [0] }, CaseInput.Random(2, 1, 2, 3) with { SymbolicAxes = [0] }, CaseInput.Fed(Tensor.Vector(1L, mode == "linear" ? 2L : 3L))],
                Attributes = [("mode", AttributeValue.Of(mode))],
                Torch = t =>
                {
                    TorchTensor[] rows = [.. Enumerable.Range(0, 2).Select(n => torch.stack(
                        [.. Enumerable.Range(0, 4).Select(k => (n == 0 ? k - 1 : mode == "linear" ? k - 2 : (k + 1) % 4) is var u && u is 0 or 1 ? t[1][n, 0, u] : t[0][n, 0, k])], 0))];
                    return [torch.stack(rows, 0).unsqueeze(1)];
                },
            };
        }

        yield return new GradientCase("fixed edges", "MelWeightMatrix")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(1)],
            Build = (g, inputs) =>
            {
                Value I(long v) => g.Constant(Tensor.Scalar(v));
                Value low = g.Op("Squeeze", [g.Op("Abs", [inputs[0]])]);
                Value mel = g.Op("MelWeightMatrix", [I(4), I(8), I(8000), low, g.Constant(Tensor.Scalar(4000f))]);
                return [g.Op("Cast", [g.Op("Size", [mel])], ("to", AttributeValue.Of((long)ElementType.Float32)))];
            },
            Torch = _ => [torch.tensor(20f)],
        };
    }
}
