using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Layers that compute on integers, taken apart into their real counterparts between quantisations.</summary>
internal static class QuantizedLayers
{
    private const string Contributed = "com.microsoft";

    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("MatMulInteger", sinceOpset: 10, g => [ToInteger(g, g.MatMul(Shifted(g, 0, 2, -2), Shifted(g, 1, 3, -1)))]);
        rules.AddComposed("ConvInteger", sinceOpset: 10, g => [ToInteger(g, g.Op("Conv", [Shifted(g, 0, 2, 0), Shifted(g, 1, 3, 0)], Attributes(g)))]);
        rules.AddComposed("QLinearMatMul", sinceOpset: 10, g => [Quantize(g, g.MatMul(Real(g, 0, -2), Real(g, 3, -1)), 6)]);
        rules.AddComposed("QLinearConv", sinceOpset: 10, Convolution);
        rules.AddComposed("QLinearAdd", sinceOpset: 1, g => [Quantize(g, g.Add(Real(g, 0), Real(g, 3)), 6)], Contributed);
        rules.AddComposed("QLinearMul", sinceOpset: 1, g => [Quantize(g, g.Mul(Real(g, 0), Real(g, 3)), 6)], Contributed);
        rules.AddComposed("QLinearSigmoid", sinceOpset: 1, g => Function(g, "Sigmoid"), Contributed);
        rules.AddComposed("QLinearLeakyRelu", sinceOpset: 1, g => Function(g, "LeakyRelu"), Contributed);
        rules.AddComposed("QLinearSoftmax", sinceOpset: 1, Softmax, Contributed);
        rules.AddComposed("QLinearGlobalAveragePool", sinceOpset: 1, g => Pool(g, "GlobalAveragePool"), Contributed);
        rules.AddComposed("QLinearAveragePool", sinceOpset: 1, g => Pool(g, "AveragePool"), Contributed);
        rules.AddComposed("QLinearConcat", sinceOpset: 1, Concat, Contributed);
        rules.AddComposed("QGemm", sinceOpset: 1, Gemm, Contributed);
        rules.AddComposed("MatMulIntegerToFloat", sinceOpset: 1, IntegersToReal, Contributed);
        rules.AddComposed("DynamicQuantizeMatMul", sinceOpset: 1, DynamicMatMul, Contributed);
    }

    // conv(x, w) + b, where b counts in steps of the product of both scales
    private static Value?[] Convolution(GradientContext g)
    {
        Value? bias = g.OptionalInput(8) is { } steps ? g.Mul(g.Builder.CastLike(steps, g.Input(1)), g.Mul(g.Input(1), g.Input(4))) : null;
        return [Quantize(g, g.Op("Conv", [Real(g, 0), Real(g, 3, 0), bias], Attributes(g)), 6)];
    }

    private static Value?[] Function(GradientContext g, string op) => [Quantize(g, g.Op(op, [Real(g, 0)], Attributes(g)), 3)];

    private static Value?[] Softmax(GradientContext g)
    {
        int rank = g.RankOf(g.Input(0)), axis = g.AxisOf(g.Node.GetInt("axis", -1), rank);
        if (axis != rank - 1)
            throw Refused(g, "along an axis that is not the last");
        return [Quantize(g, g.Op("Softmax", [Real(g, 0)], ("axis", AttributeValue.Of(-1L))), 3)];
    }

    private static Value?[] Pool(GradientContext g, string op)
    {
        if (g.Node.GetInt("channels_last", 0) != 0)
            throw Refused(g, "with its channels last");
        return [Quantize(g, g.Op(op, [Real(g, 0)], Attributes(g)), 3)];
    }

    // A scale and a zero point, then three inputs for each part
    private static Value?[] Concat(GradientContext g)
    {
        Value[] parts = [.. Enumerable.Range(0, (g.InputCount - 2) / 3).Select(i => Real(g, 2 + (3 * i)))];
        return [Quantize(g, parts.Length == 1 ? parts[0] : g.Builder.Concat(g.Node.GetInt("axis", 0), parts), 0)];
    }

    // alpha A' B' + C, where C counts in steps of the product of both scales; without a scale the result is real
    private static Value?[] Gemm(GradientContext g)
    {
        bool transB = g.Node.GetInt("transB", 0) != 0;
        Value? bias = g.OptionalInput(6) is { } steps ? g.Mul(g.Builder.CastLike(steps, g.Input(1)), g.Mul(g.Input(1), g.Input(4))) : null;
        float alpha = g.Node.GetFloat("alpha", 1f);
        if (bias is not null && alpha != 1f)
            bias = g.Mul(bias, alpha);
        Value y = g.Op("Gemm", [Real(g, 0), Real(g, 3, transB ? 0 : 1), bias], Attributes(g));
        return [g.OptionalInput(7) is null ? y : Quantize(g, y, 7)];
    }

    private static Value?[] IntegersToReal(GradientContext g)
    {
        Value a = g.Mul(Shifted(g, 0, 4, -2), AlongAxis(g, g.Input(2), -2)), b = g.Mul(Shifted(g, 1, 5, -1), AlongAxis(g, g.Input(3), -1));
        Value y = g.MatMul(a, b);
        return [g.OptionalInput(6) is { } bias ? g.Add(y, bias) : y];
    }

    private static Value?[] DynamicMatMul(GradientContext g)
    {
        Value[] a = g.Ops("DynamicQuantizeLinear", 3, [g.Input(0)]);
        Value b = g.Mul(Shifted(g, 1, 3, -1), AlongAxis(g, g.Input(2), -1));
        Value y = g.MatMul(g.Op("DequantizeLinear", a), b);
        return [g.OptionalInput(4) is { } bias ? g.Add(y, bias) : y];
    }

    // Three inputs: integers, their scale, their zero point
    private static Value Real(GradientContext g, int first, int axis = 0)
    {
        Value q = g.Input(first);
        return g.Op("DequantizeLinear", [q, g.Input(first + 1), g.OptionalInput(first + 2)], ("axis", AttributeValue.Of((long)g.AxisOf(axis, g.RankOf(q)))));
    }

    // Two inputs: a scale and a zero point
    private static Value Quantize(GradientContext g, Value y, int first) => g.Op("QuantizeLinear", [y, g.Input(first), g.OptionalInput(first + 1)]);

    // Integers less their zero point, as real numbers
    private static Value Shifted(GradientContext g, int input, int zeroPoint, int axis)
    {
        Value q = g.Builder.Cast(g.Input(input), ElementType.Float32);
        return g.OptionalInput(zeroPoint) is { } zero ? g.Sub(q, AlongAxis(g, g.Builder.Cast(zero, ElementType.Float32), axis)) : q;
    }

    // One number for each row stands as a column; one for each column, or for all, broadcasts as it is.
    private static Value AlongAxis(GradientContext g, Value values, int axis) =>
        axis == -2 && values.Shape is { Rank: 1 } shape && !shape[0].Is(1) ? g.Op("Unsqueeze", [values, g.Ints(-1)]) : values;

    private static Value ToInteger(GradientContext g, Value y) => g.Builder.Cast(y, ElementType.Int32);

    private static (string, AttributeValue)[] Attributes(GradientContext g) =>
        [.. g.Node.Attributes.Where(a => a.Key is not "channels_last").Select(a => (a.Key, a.Value))];

    private static UnsupportedGradientException Refused(GradientContext g, string what) => new([$"'{g.Node.DisplayName}' ({g.Node.OpType} {what})"]);
}
