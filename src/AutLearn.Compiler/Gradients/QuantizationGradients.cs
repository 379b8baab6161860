using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of quantisation, straight through the rounding; scales have theirs.</summary>
/// <remarks>Learned scales: Esser et al., Learned step size quantization, arXiv:1902.08153.</remarks>
internal static class QuantizationGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("QuantizeLinear", sinceOpset: 10, QuantizeLinear);
        rules.Add("DynamicQuantizeLinear", sinceOpset: 11, DynamicQuantizeLinear);
        rules.Add("DequantizeLinear", sinceOpset: 10, DequantizeLinear);
    }

    // q = round(x / scale) + zero point, held within its type  =>  dx = dq / scale, dscale = -dq x / scale^2, 0 where it is held
    private static Value?[] QuantizeLinear(GradientContext g)
    {
        Value x = g.Input(0), dq = g.Builder.CastLike(g.OutputGradient(0), x);
        (double low, double high) = RangeOf(g, g.Output(0).ElementType);
        Value scale = AlongAxis(g, g.Builder.CastLike(g.Input(1), x));
        Value steps = g.Op("Round", [g.Div(x, scale)]);
        if (g.OptionalInput(2) is { } zeroPoint)
            steps = g.Add(steps, AlongAxis(g, g.Builder.CastLike(zeroPoint, x)));
        Value isInside = g.Builder.Equal(steps, g.Op("Max", [g.Op("Min", [steps, g.Scalar(x, high)]), g.Scalar(x, low)]));
        Value dx = g.Where(isInside, g.Div(dq, scale), g.Zero(x));
        dx.Type = x.Type;
        var result = new Value?[g.InputCount];
        result[0] = dx;
        if (g.NeedsGradient(1))
            result[1] = g.Builder.CastLike(g.Neg(SumOverSharing(g, g.Div(g.Mul(dx, x), scale))), g.Input(1));
        return result;
    }

    // The range follows x, so nothing is held; the scale counts as fixed.
    private static Value?[] DynamicQuantizeLinear(GradientContext g) =>
        [g.OptionalOutputGradient(0) is { } dq ? g.Div(g.Builder.CastLike(dq, g.Input(0)), g.RequireOutput(1)) : null];

    // y = (q - zero point) scale, scale for all, along an axis or for blocks of it
    // =>  dq = dy scale, dscale = sum of dy (q - zero point) over what shares it
    private static Value?[] DequantizeLinear(GradientContext g)
    {
        Value scale = g.Input(1), dy = g.OutputGradient(0);
        var result = new Value?[g.InputCount];
        if (g.NeedsGradient(0))
            result[0] = g.Mul(dy, AlongAxis(g, g.Builder.CastLike(scale, dy)));
        if (!g.NeedsGradient(1))
            return result;
        (string, AttributeValue)[] attributes = [.. g.Node.Attributes.Select(a => (a.Key, a.Value))];
        Tensor one = GraphBuilder.ScalarTensor(scale.ElementType, 1);
        Value ones = g.Op("ConstantOfShape", [g.ShapeOf(scale)], ("value", AttributeValue.Of(new Tensor(one.ElementType, [1], one.Bytes))));
        ones.Type = scale.Type;
        Value steps = g.Op("DequantizeLinear", [g.Input(0), ones, g.OptionalInput(2)], attributes);
        result[1] = g.Builder.CastLike(SumOverSharing(g, g.Mul(dy, steps)), scale);
        return result;
    }

    private static (double Low, double High) RangeOf(GradientContext g, ElementType type) => type switch
    {
        ElementType.UInt8 => (byte.MinValue, byte.MaxValue),
        ElementType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        ElementType.UInt16 => (ushort.MinValue, ushort.MaxValue),
        ElementType.Int16 => (short.MinValue, short.MaxValue),
        _ => throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType} to {type})"]),
    };

    private static bool IsForAll(GradientContext g) =>
        g.RankOf(g.Input(1)) == 0 || (g.RankOf(g.Input(1)) == 1 && g.Input(1).Shape![0].Is(1) && g.Node.GetInt("block_size", 0) == 0);

    // Scales or zero points as they broadcast to x.
    private static Value AlongAxis(GradientContext g, Value scale)
    {
        if (IsForAll(g))
            return scale;
        if (g.Node.GetInt("block_size", 0) != 0)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType} of blocks that a gradient passes)"]);
        int rank = g.RankOf(g.Input(0)), axis = g.AxisOf(g.Node.GetInt("axis", 1), rank);
        return g.Reshape(scale, [-1, .. Enumerable.Repeat(1L, rank - 1 - axis)]);
    }

    private static Value SumOverSharing(GradientContext g, Value product)
    {
        Value x = g.Input(0), scale = g.Input(1);
        if (IsForAll(g))
            return g.ReshapeLike(g.Op("ReduceSum", [product], ("keepdims", AttributeValue.Of(0L))), scale);
        int rank = g.RankOf(x), axis = g.AxisOf(g.Node.GetInt("axis", 1), rank);
        long blockSize = g.Node.GetInt("block_size", 0);
        if (blockSize == 0)
            return g.Builder.ReduceSum(product, [.. Enumerable.Range(0, rank).Where(a => a != axis).Select(a => (long)a)]);
        if (x.Shape![axis] is not { IsKnown: true, Size: var size } || size % blockSize != 0)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType} with blocks that do not divide their axis)"]);
        Value[] sizes = [.. Enumerable.Range(0, rank).Select(a => a == axis ? g.Ints(size / blockSize, blockSize) : g.Builder.SizeOf(x, a))];
        return g.Builder.ReduceSum(g.Builder.Reshape(product, g.JoinSizes(sizes)), axis + 1);
    }
}
