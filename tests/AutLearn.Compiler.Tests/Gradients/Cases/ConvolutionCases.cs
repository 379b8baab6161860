using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class ConvolutionCases
{
    public static IEnumerable<GradientCase> Rows => [.. ConvRows(), .. PlanesRows(), .. TransposedRows()];

    private static IEnumerable<GradientCase> ConvRows()
    {
        yield return Conv("1x1", [3, 4], [5, 4, 1, 1]);
        yield return Conv("1x1, no bias", [3, 4], [5, 4, 1, 1], hasBias: false);
        yield return Conv("1x1, stride", [5, 6], [5, 4, 1, 1], strides: [2, 3]);
        yield return Conv("1x1, pads", [3, 4], [5, 4, 1, 1], pads: [1, 0, 0, 1]);
        yield return Conv("1x1, groups", [3, 4], [6, 2, 1, 1], group: 2);
        yield return Conv("3x3", [5, 6], [5, 4, 3, 3]);
        yield return Conv("3x3, same size", [5, 6], [5, 4, 3, 3], pads: [1, 1, 1, 1]);
        yield return Conv("unequal kernel, pads", [5, 6], [3, 4, 2, 3], pads: [0, 2, 1, 0]);
        yield return Conv("stride leaves no rest", [7, 5], [3, 4, 3, 3], strides: [2, 2]);
        yield return Conv("stride leaves a rest", [8, 9], [3, 4, 3, 2], strides: [2, 3]);
        yield return Conv("stride, pads", [6, 7], [3, 4, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1]);
        yield return Conv("stride beyond the kernel", [9, 8], [3, 4, 2, 1], strides: [4, 3]);
        yield return Conv("dilations", [7, 8], [3, 4, 2, 3], dilations: [3, 2]);
        yield return Conv("dilations, stride, pads", [9, 8], [3, 4, 3, 2], strides: [2, 3], dilations: [2, 3], pads: [2, 1, 1, 2]);
        yield return Conv("groups", [5, 6], [6, 2, 3, 3], group: 2, pads: [1, 1, 1, 1]);
        yield return Conv("groups, stride, dilations", [8, 9], [6, 2, 3, 2], group: 2, strides: [2, 2], dilations: [1, 2]);
        yield return Conv("depthwise", [5, 6], [4, 1, 3, 3], group: 4, pads: [1, 1, 1, 1]);
        yield return Conv("depthwise, stride", [7, 6], [4, 1, 3, 3], group: 4, strides: [2, 2], pads: [1, 1, 1, 1]);
        yield return Conv("depthwise, unequal pads", [7, 6], [4, 1, 3, 3], group: 4, strides: [2, 2], pads: [0, 0, 1, 1]);
        yield return Conv("depthwise, two each", [5, 6], [8, 1, 3, 3], group: 4);
        yield return Conv("same upper", [5, 6], [3, 4, 2, 3], strides: [2, 2], pads: [0, 0, 1, 1], autoPad: "SAME_UPPER");
        yield return Conv("same lower", [5, 6], [3, 4, 2, 3], strides: [2, 2], pads: [1, 1, 0, 0], autoPad: "SAME_LOWER");
        yield return Conv("same upper, stride 1", [5, 6], [3, 4, 2, 3], pads: [0, 1, 1, 1], autoPad: "SAME_UPPER");
        yield return Conv("valid", [5, 6], [3, 4, 2, 3], strides: [2, 2], autoPad: "VALID");
        yield return Conv("1-D", [9], [3, 4, 3], strides: [2], pads: [1, 0]);
        yield return Conv("1-D, groups, dilation", [9], [4, 2, 3], group: 2, dilations: [2]);
        yield return Conv("3-D", [4, 5, 3], [3, 4, 2, 3, 2], strides: [1, 2, 1], pads: [0, 1, 1, 0, 1, 0]);
        yield return Conv("3-D, depthwise", [4, 5, 3], [4, 1, 2, 3, 2], group: 4);
        yield return Conv("fixed sizes, symbolic batch", [8, 9], [3, 4, 3, 3], strides: [2, 2], isBatchOnly: true);
        yield return Conv("depthwise, fixed sizes, symbolic batch", [7, 6], [4, 1, 3, 3], group: 4, strides: [2, 2], pads: [1, 1, 1, 1], isBatchOnly: true);
        yield return Conv("one input channel", [5, 6], [3, 1, 3, 3], pads: [1, 1, 1, 1], channels: 1);
    }

    // Depthwise over [1, C, N, H, W] with kernels of depth 1, as the channel-major layout writes them
    private static IEnumerable<GradientCase> PlanesRows()
    {
        yield return Planes("same size", [5, 6], [3, 3], pads: [1, 1, 1, 1]);
        yield return Planes("no pads", [5, 6], [3, 2]);
        yield return Planes("stride", [8, 6], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]);
        yield return Planes("stride, pads at the end", [8, 6], [3, 3], strides: [2, 2], pads: [0, 0, 1, 1]);
        yield return Planes("stride leaves a rest", [7, 9], [3, 3], strides: [2, 3], pads: [1, 0, 0, 1]);
        yield return Planes("stride beyond the kernel", [9, 8], [2, 1], strides: [4, 3]);
        yield return Planes("stride of rows alone", [7, 6], [3, 3], strides: [3, 1], pads: [1, 1, 1, 1]);
        yield return Planes("stride beyond all input rows", [2, 3], [1, 1], strides: [4, 4], pads: [1, 1, 2, 2]);
        yield return Planes("kernel larger than the plane", [2, 3], [5, 5], pads: [2, 2, 2, 2]);
        yield return Planes("pads beyond the kernel", [3, 4], [2, 2], pads: [2, 3, 2, 2]);
        yield return Planes("dilations", [9, 8], [3, 3], dilations: [3, 2], pads: [3, 2, 3, 2]);
        yield return Planes("dilations, stride", [9, 8], [3, 3], strides: [2, 2], dilations: [3, 2], pads: [3, 2, 2, 1]);
        yield return Planes("wide", [3, 140], [3, 3], pads: [1, 1, 1, 1]);
        yield return Planes("wide, stride", [5, 140], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]);
    }

    private static GradientCase Planes(string name, long[] plane, long[] kernel, long[]? strides = null, long[]? dilations = null, long[]? pads = null)
    {
        GradientCase row = Conv(
            $"planes, {name}",
            [2, .. plane],
            [3, 1, 1, .. kernel],
            [1, .. strides ?? [1, 1]],
            [1, .. dilations ?? [1, 1]],
            pads is null ? null : [0, pads[0], pads[1], 0, pads[2], pads[3]],
            group: 3,
            channels: 3,
            samples: 1);
        return row with { Inputs = row.Inputs.SetItem(0, row.Inputs[0] with { SymbolicAxes = [2] }) };
    }

    private static GradientCase Conv(
        string name,
        long[] size,
        long[] weight,
        long[]? strides = null,
        long[]? dilations = null,
        long[]? pads = null,
        long group = 1,
        string? autoPad = null,
        bool hasBias = true,
        bool isBatchOnly = false,
        long channels = 4,
        long samples = 2)
    {
        int rank = size.Length;
        CaseInput x = CaseInput.Random([samples, channels, .. size]);
        return new GradientCase(name, "Conv")
        {
            ElementType = ElementType.Float32,
            Inputs = [isBatchOnly ? x with { SymbolicAxes = [0] } : x, CaseInput.Parameter(weight), .. hasBias ? (CaseInput[])[CaseInput.Parameter(weight[0])] : []],
            Attributes = [.. Attributes(strides, dilations, autoPad is null ? pads : null, group, autoPad)],
            Torch = t =>
            {
                TorchTensor padded = PoolingCases.Pad(t[0], pads ?? new long[2 * rank], 0);
                TorchTensor? bias = hasBias ? t[2] : null;
                long[] s = strides ?? PoolingCases.Ones(size), d = dilations ?? PoolingCases.Ones(size);
                return
                [
                    rank switch
                    {
                        1 => F.conv1d(padded, t[1], bias, stride: s[0], dilation: d[0], groups: group),
                        2 => F.conv2d(padded, t[1], bias, strides: s, dilation: d, groups: group),
                        _ => F.conv3d(padded, t[1], bias, strides: s, dilation: d, groups: group),
                    },
                ];
            },
        };
    }

    private static IEnumerable<GradientCase> TransposedRows()
    {
        yield return Transposed("plain", [4, 5], [4, 3, 3, 2]);
        yield return Transposed("stride, pads", [4, 5], [4, 3, 3, 2], strides: [2, 3], pad: 1);
        yield return Transposed("output padding", [4, 5], [4, 3, 3, 3], strides: [2, 3], pad: 1, extra: [1, 2]);
        yield return Transposed("dilations", [4, 5], [4, 3, 3, 2], dilations: [2, 3]);
        yield return Transposed("groups", [4, 5], [4, 3, 3, 2], strides: [2, 2], group: 2);
        yield return Transposed("1-D", [5], [4, 3, 3], strides: [2]);
    }

    private static GradientCase Transposed(string name, long[] size, long[] weight, long[]? strides = null, long[]? dilations = null, long pad = 0, long[]? extra = null, long group = 1)
    {
        long[] pads = [.. Enumerable.Repeat(pad, 2 * size.Length)];
        return new GradientCase(name, "ConvTranspose")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random([2, 4, .. size]), CaseInput.Parameter(weight), CaseInput.Parameter(weight[1] * group)],
            Attributes =
            [
                .. Attributes(strides, dilations, pads, group, null),
                .. extra is null ? ((string, AttributeValue)[])[] : [("output_padding", AttributeValue.Of(extra.AsSpan()))],
            ],
            Torch = t =>
            {
                long[] s = strides ?? PoolingCases.Ones(size), d = dilations ?? PoolingCases.Ones(size), o = extra ?? new long[size.Length];
                return
                [
                    size.Length == 1
                        ? F.conv_transpose1d(t[0], t[1], t[2], stride: s[0], padding: pad, output_padding: o[0], dilation: d[0], groups: group)
                        : F.conv_transpose2d(t[0], t[1], t[2], strides: s, padding: pads[..2], output_padding: o, dilation: d, groups: group),
                ];
            },
        };
    }

    private static List<(string, AttributeValue)> Attributes(long[]? strides, long[]? dilations, long[]? pads, long group, string? autoPad)
    {
        var attributes = new List<(string, AttributeValue)> { ("group", AttributeValue.Of(group)) };
        if (strides is not null)
            attributes.Add(("strides", AttributeValue.Of(strides.AsSpan())));
        if (dilations is not null)
            attributes.Add(("dilations", AttributeValue.Of(dilations.AsSpan())));
        if (pads is not null)
            attributes.Add(("pads", AttributeValue.Of(pads.AsSpan())));
        if (autoPad is not null)
            attributes.Add(("auto_pad", AttributeValue.Of(autoPad)));
        return attributes;
    }
}
