using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class PoolingCases
{
    public static IEnumerable<GradientCase> Rows => [.. GlobalRows(), .. AverageRows(), .. MaxRows(), .. NormRows()];

    private static IEnumerable<GradientCase> GlobalRows()
    {
        foreach (long[] shape in (long[][])[[2, 3, 4], [2, 3, 4, 5], [2, 3, 2, 3, 2]])
        {
            long[] spatial = [.. Enumerable.Range(2, shape.Length - 2).Select(i => (long)i)];
            yield return new GradientCase($"rank {shape.Length}", "GlobalAveragePool")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(shape)],
                Torch = t => [t[0].mean(spatial, true)],
            };
            yield return new GradientCase($"rank {shape.Length}", "GlobalMaxPool")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(Draws.Distinct, shape) with { SpecialPoints = [99, 99, 99] }],
                Torch = t => [t[0].amax(spatial, true)],
            };
        }
    }

    private static IEnumerable<GradientCase> NormRows()
    {
        Func<Random, int, double[]> offZero = Draws.Avoiding(-2, 2, 0);
        foreach (long p in (long[])[1, 2, 3])
        {
            yield return new GradientCase($"p {p}", "GlobalLpPool")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(offZero, 2, 3, 4, 2) with { SpecialPoints = p == 3 ? [] : [0, 0, 0, 0, 0, 0, 0, 0] }],
                Attributes = [("p", AttributeValue.Of(p))],
                Torch = t => [torch.linalg.vector_norm(t[0], p, [2, 3], true)],
            };
            yield return new GradientCase($"p {p}, pads and strides", "LpPool")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(offZero, 2, 3, 5, 6)],
                Attributes = [("p", AttributeValue.Of(p)), ("kernel_shape", AttributeValue.Of(3L, 2L)), ("strides", AttributeValue.Of(2L, 2L)), ("pads", AttributeValue.Of(1L, 0L, 1L, 0L))],
                Torch = t => [(6 * F.avg_pool2d(F.pad(t[0].abs().pow(p), [0, 0, 1, 1]), [3, 2], [2, 2])).pow(1d / p)],
            };
        }
    }

    private static IEnumerable<GradientCase> AverageRows()
    {
        yield return Average("tiles", [4, 6], [2, 3], strides: [2, 3]);
        yield return Average("overlap", [5, 6], [3, 2], strides: [1, 1]);
        yield return Average("stride leaves a rest", [6, 7], [3, 2], strides: [2, 3]);
        yield return Average("pads", [5, 6], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]);
        yield return Average("pads counted", [5, 6], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], countsPads: true);
        yield return Average("unequal pads", [5, 6], [3, 3], strides: [2, 1], pads: [0, 2, 1, 0]);
        yield return Average("unequal pads counted", [5, 6], [3, 3], strides: [2, 1], pads: [0, 2, 1, 0], countsPads: true);
        yield return Average("ceil", [6, 8], [3, 3], strides: [2, 2], ceil: true);

        // No window lies in the padding alone: ONNX Runtime's type inference counts such windows, its kernel leaves them out.
        yield return Average("ceil, pads", [6, 9], [3, 3], strides: [2, 3], pads: [1, 1, 1, 1], ceil: true);
        yield return Average("ceil, pads counted", [6, 9], [3, 3], strides: [2, 3], pads: [1, 1, 1, 1], ceil: true, countsPads: true);
        yield return Average("dilations", [7, 8], [2, 3], strides: [2, 1], dilations: [3, 2]);
        yield return Average("same upper", [5, 6], [2, 3], strides: [2, 2], pads: [0, 0, 1, 1], autoPad: "SAME_UPPER");
        yield return Average("same lower", [5, 6], [2, 3], strides: [2, 2], pads: [1, 1, 0, 0], autoPad: "SAME_LOWER");
        yield return Average("valid", [5, 6], [2, 3], strides: [2, 2], autoPad: "VALID");
        yield return Average("long axis", [70, 4], [3, 2], strides: [2, 2], pads: [1, 0, 1, 0]);
        yield return Average("long axis, ceil", [69, 4], [4, 2], strides: [2, 2], pads: [1, 0, 1, 0], ceil: true, countsPads: true);
        yield return Average("1-D", [7], [3], strides: [2], pads: [1, 1]);
        yield return Average("3-D", [4, 3, 5], [2, 2, 3], strides: [1, 1, 2]);
        yield return Average("3-D tiles", [4, 2, 6], [2, 2, 3], strides: [2, 2, 3]);
    }

    private static GradientCase Average(string name, long[] size, long[] kernel, long[] strides, long[]? pads = null, bool ceil = false, bool countsPads = false, long[]? dilations = null, string? autoPad = null)
    {
        GradientCase row = Row("AveragePool", name, CaseInput.Random([2, 3, .. size]), kernel, strides, pads, ceil, dilations, autoPad) with
        {
            Torch = t => [AverageReference(t[0], kernel, strides, pads ?? new long[2 * kernel.Length], dilations ?? Ones(kernel), ceil, countsPads)],
        };
        return countsPads ? row with { Attributes = row.Attributes.Add(("count_include_pad", AttributeValue.Of(1L))) } : row;
    }

    // libtorch's own pooling where it takes the arguments; otherwise sums and counts by convolution with a kernel of ones.
    private static TorchTensor AverageReference(TorchTensor x, long[] kernel, long[] strides, long[] pads, long[] dilations, bool ceil, bool countsPads)
    {
        int rank = kernel.Length;
        if (rank == 2 && pads.AsSpan(0, 2).SequenceEqual(pads.AsSpan(2)) && dilations.All(d => d == 1))
            return F.avg_pool2d(x, kernel, strides, pads[..2], ceil, countsPads);
        long[] samples = [-1, 1, .. x.shape[2..]];
        TorchTensor ones = torch.ones([1, 1, .. kernel], x.dtype);
        TorchTensor sums = Slide(Pad(x.reshape(samples), pads, 0), ones, strides, dilations);
        TorchTensor all = torch.ones([1, 1, .. x.shape[2..]], x.dtype);
        TorchTensor counts = Slide(Pad(all, pads, countsPads ? 1 : 0), ones, strides, dilations);
        return (sums / counts).reshape([x.shape[0], x.shape[1], .. sums.shape[2..]]);
    }

    private static TorchTensor Slide(TorchTensor x, TorchTensor w, long[] strides, long[] dilations) => strides.Length switch
    {
        1 => F.conv1d(x, w, stride: strides[0], dilation: dilations[0]),
        2 => F.conv2d(x, w, strides: strides, dilation: dilations),
        _ => F.conv3d(x, w, strides: strides, dilation: dilations),
    };

    private static IEnumerable<GradientCase> MaxRows()
    {
        yield return Max("tiles", [4, 6], [2, 3], strides: [2, 3]);
        yield return Max("overlap", [5, 6], [3, 2], strides: [1, 1]);
        yield return Max("stride leaves a rest", [6, 7], [3, 2], strides: [2, 3]);
        yield return Max("pads", [5, 6], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]);
        yield return Max("unequal pads", [5, 6], [3, 3], strides: [2, 1], pads: [0, 2, 1, 0]);
        yield return Max("ceil", [6, 8], [3, 3], strides: [2, 2], ceil: true);
        yield return Max("dilations", [7, 8], [2, 3], strides: [2, 1], dilations: [3, 2]);
        yield return Max("same upper", [5, 6], [2, 3], strides: [2, 2], pads: [0, 0, 1, 1], autoPad: "SAME_UPPER");
        yield return Max("same lower", [5, 6], [2, 3], strides: [2, 2], pads: [1, 1, 0, 0], autoPad: "SAME_LOWER");
        yield return Max("1-D", [7], [3], strides: [2], pads: [1, 1]);
        yield return Max("3-D", [4, 3, 5], [2, 2, 3], strides: [1, 1, 2]);
        GradientCase columns = Max("columns first", [4, 6], [2, 3], strides: [2, 3]);
        yield return columns with { Attributes = columns.Attributes.Add(("storage_order", AttributeValue.Of(1L))) };
        yield return Max("Float64", [5, 6], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]) with { ElementType = ElementType.Float64 };
    }

    // Ties in one window and over several.
    private static GradientCase Max(string name, long[] size, long[] kernel, long[] strides, long[]? pads = null, bool ceil = false, long[]? dilations = null, string? autoPad = null) =>
        Row("MaxPool", name, CaseInput.Random(Draws.Distinct, [2, 3, .. size]) with { SpecialPoints = [99, 99, 0, 99, 0, 99, 99, 99, 0, 0, 99, 99] }, kernel, strides, pads, ceil, dilations, autoPad) with
        {
            Torch = t =>
            {
                long[] d = dilations ?? Ones(kernel);
                TorchTensor x = Pad(t[0], pads ?? new long[2 * kernel.Length], -1e30);
                return
                [
                    kernel.Length switch
                    {
                        1 => F.max_pool1d(x, kernel[0], strides[0], 0, d[0], ceil),
                        2 => F.max_pool2d(x, kernel, strides, [0, 0], d, ceil),
                        _ => F.max_pool3d(x, kernel, strides, [0, 0, 0], d, ceil),
                    },
                ];
            },
        };

    private static GradientCase Row(string op, string name, CaseInput x, long[] kernel, long[] strides, long[]? pads, bool ceil, long[]? dilations, string? autoPad)
    {
        var attributes = new List<(string, AttributeValue)> { ("kernel_shape", AttributeValue.Of(kernel.AsSpan())), ("strides", AttributeValue.Of(strides.AsSpan())) };
        if (autoPad is not null)
            attributes.Add(("auto_pad", AttributeValue.Of(autoPad)));
        else if (pads is not null)
            attributes.Add(("pads", AttributeValue.Of(pads.AsSpan())));
        if (ceil)
            attributes.Add(("ceil_mode", AttributeValue.Of(1L)));
        if (dilations is not null)
            attributes.Add(("dilations", AttributeValue.Of(dilations.AsSpan())));

        // The padding of SAME over symbolic sizes is not known, so average pooling is differentiable over symbolic samples only.
        bool isFixed = op == "AveragePool" && autoPad is "SAME_UPPER" or "SAME_LOWER";
        return new GradientCase(name, op)
        {
            ElementType = ElementType.Float32,
            Inputs = [isFixed ? x with { SymbolicAxes = [0] } : x],
            Attributes = [.. attributes],
        };
    }

    internal static TorchTensor Pad(TorchTensor x, long[] pads, double value)
    {
        int rank = pads.Length / 2;
        long[] lastAxisFirst = [.. Enumerable.Range(0, rank).Reverse().SelectMany(i => (long[])[pads[i], pads[i + rank]])];
        return pads.All(p => p == 0) ? x : F.pad(x, lastAxisFirst, value: value);
    }

    internal static long[] Ones(long[] like) => [.. like.Select(_ => 1L)];
}
