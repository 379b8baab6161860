using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of operators that rearrange, repeat, convert or choose elements without indices.</summary>
internal static class ShapeGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Reshape", sinceOpset: 5, SameElements);
        rules.Add("Flatten", sinceOpset: 9, SameElements);
        rules.Add("Squeeze", sinceOpset: 13, SameElements);
        rules.Add("Unsqueeze", sinceOpset: 13, SameElements);
        rules.Add("Transpose", sinceOpset: 1, Transpose);
        rules.Add("Concat", sinceOpset: 4, Concat);
        rules.Add("Split", sinceOpset: 13, Split);
        rules.Add("Expand", sinceOpset: 8, Expand);
        rules.Add("Tile", sinceOpset: 6, Tile);
        rules.Add("Identity", sinceOpset: 1, Identity);
        rules.Add("Cast", sinceOpset: 9, Cast);
        rules.Add("CastLike", sinceOpset: 15, Cast);
        rules.Add("Where", sinceOpset: 9, Where);
        rules.Add("Trilu", sinceOpset: 14, Trilu);
        rules.Add("CumSum", sinceOpset: 11, CumSum);
        rules.Add("ReverseSequence", sinceOpset: 10, ReverseSequence);
        rules.Add("CenterCropPad", sinceOpset: 18, CenterCropPad);
        rules.Add("DepthToSpace", sinceOpset: 11, DepthToSpace);
        rules.Add("SpaceToDepth", sinceOpset: 1, SpaceToDepth);
    }

    // y = reshape(x)  =>  dx = reshape(dy, shape(x))
    private static Value?[] SameElements(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        result[0] = g.ReshapeLike(g.OutputGradient(0), g.Input(0));
        return result;
    }

    // y = transpose(x, p)  =>  dx = transpose(dy, p^-1); without p the axes are reversed, which is its own inverse
    private static Value?[] Transpose(GradientContext g)
    {
        if (g.Node.GetInts("perm") is not { } permutation)
            return [g.Op("Transpose", [g.OutputGradient(0)])];
        long[] inverse = new long[permutation.Length];
        for (int i = 0; i < inverse.Length; i++)
            inverse[permutation[i]] = i;
        return [g.Builder.Transpose(g.OutputGradient(0), inverse)];
    }

    // y = concat(x1, ..., xn)  =>  dx1, ..., dxn = split(dy); where all are one x, y = tile(x)
    private static Value?[] Concat(GradientContext g)
    {
        if (g.InputCount == 1)
            return [g.OutputGradient(0)];
        int axis = g.AxisOf(g.Node.GetInt("axis", 0), g.RankOf(g.Output(0)));
        if (g.InputCount > 2 && g.Node.Inputs.All(i => ReferenceEquals(i, g.Input(0))))
        {
            long[] repeats = [.. Enumerable.Repeat(1L, g.RankOf(g.Output(0)))];
            repeats[axis] = g.InputCount;
            var result = new Value?[g.InputCount];
            result[0] = SumOverRepeats(g, g.Ints(repeats));
            return result;
        }

        Value[] sizes = [.. Enumerable.Range(0, g.InputCount).Select(i => g.Builder.SizeOf(g.Input(i), axis))];
        Value lengths = Array.TrueForAll(sizes, s => s.IsConstant)
            ? g.Ints([.. sizes.Select(s => s.Initializer!.Span<long>()[0])])
            : g.Builder.Concat(0, sizes);
        Value[] parts = g.Ops("Split", g.InputCount, [g.OutputGradient(0), lengths], ("axis", AttributeValue.Of((long)axis)));
        for (int i = 0; i < parts.Length; i++)
            parts[i].Type = g.Input(i).Type;
        return parts;
    }

    // y1, ..., yn = split(x)  =>  dx = concat(dy1, ..., dyn), with zeros for parts that nothing depends on
    private static Value?[] Split(GradientContext g)
    {
        var parts = new Value?[g.Node.Outputs.Count];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = g.OptionalOutputGradient(i) ?? g.ZerosLike(g.Output(i));
        var result = new Value?[g.InputCount];
        result[0] = g.Builder.Concat(g.Node.GetInt("axis", 0), parts);
        result[0]!.Type = g.Input(0).Type;
        return result;
    }

    // y = x, repeated by broadcasting  =>  dx = dy, which the driver sums over the repeated axes
    private static Value?[] Expand(GradientContext g) => [g.OutputGradient(0), null];

    // y[i] = x[i mod size]  =>  dx = sum of dy over the repeats, seen as axes of their own: [r0, d0, r1, d1, ...]
    private static Value?[] Tile(GradientContext g)
    {
        return [g.RankOf(g.Input(0)) == 0 ? g.OutputGradient(0) : SumOverRepeats(g, g.Input(1)), null];
    }

    private static Value SumOverRepeats(GradientContext g, Value repeats)
    {
        Value x = g.Input(0);
        Value sizes = g.Reshape(g.ShapeOf(x), -1, 1);
        Value interleaved = g.Reshape(g.Builder.Concat(1, g.Reshape(repeats, -1, 1), sizes), -1);
        Value split = g.Builder.Reshape(g.OutputGradient(0), interleaved);
        long[] axes = [.. Enumerable.Range(0, g.RankOf(x)).Select(i => 2L * i)];
        Value dx = g.Builder.ReduceSum(split, axes);
        dx.Type = x.Type;
        return dx;
    }

    // y = x  =>  dx = dy
    private static Value?[] Identity(GradientContext g) => [g.OutputGradient(0)];

    // y = x in another type  =>  dx = dy in the type of x; integers that stand for numbers keep the type of dy, others carry no gradient
    private static Value?[] Cast(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        if (g.Input(0).ElementType.IsFloatingPoint())
            result[0] = g.Builder.CastLike(g.OutputGradient(0), g.Input(0));
        else if (g.NeedsGradient(0))
            result[0] = g.OutputGradient(0);
        return result;
    }

    // y = c ? a : b  =>  da = c ? dy : 0, db = c ? 0 : dy
    private static Value?[] Where(GradientContext g)
    {
        Value c = g.Input(0), dy = g.OutputGradient(0);
        return
        [
            null,
            g.NeedsGradient(1) ? g.Where(c, dy, g.Zero(dy)) : null,
            g.NeedsGradient(2) ? g.Where(c, g.Zero(dy), dy) : null,
        ];
    }

    // y = triangle of x  =>  dx = the same triangle of dy
    private static Value?[] Trilu(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        result[0] = g.Op("Trilu", [g.OutputGradient(0), g.OptionalInput(1)], ("upper", AttributeValue.Of(g.Node.GetInt("upper", 1))));
        return result;
    }

    // y[i] = sum of x[j], j <= i  =>  dx[j] = sum of dy[i], i >= j: the same sum in the other direction
    private static Value?[] CumSum(GradientContext g) =>
    [
        g.Op(
            "CumSum",
            [g.OutputGradient(0), g.Input(1)],
            ("exclusive", AttributeValue.Of(g.Node.GetInt("exclusive", 0))),
            ("reverse", AttributeValue.Of(1 - g.Node.GetInt("reverse", 0)))),
        null,
    ];

    // Each sequence backwards  =>  each of its gradients backwards
    private static Value?[] ReverseSequence(GradientContext g) =>
    [
        g.Op(
            "ReverseSequence",
            [g.OutputGradient(0), g.Input(1)],
            ("batch_axis", AttributeValue.Of(g.Node.GetInt("batch_axis", 1))),
            ("time_axis", AttributeValue.Of(g.Node.GetInt("time_axis", 0)))),
        null,
    ];

    // What is cut off gets 0 and what is filled in gives none: cropped and padded back to the sizes of x, around the same centre
    private static Value?[] CenterCropPad(GradientContext g)
    {
        Value x = g.Input(0);
        long[] axes = [.. Enumerable.Range(0, g.RankOf(x)).Select(a => (long)a)];
        if (g.Node.GetInts("axes") is { } given)
            axes = [.. given.Select(a => (long)g.AxisOf(a, g.RankOf(x)))];
        Value[] sizes = [.. axes.Select(a => g.Builder.SizeOf(x, (int)a))];
        Value dx = g.Op("CenterCropPad", [g.OutputGradient(0), g.JoinSizes(sizes)], ("axes", AttributeValue.Of(axes.AsSpan())));
        dx.Type = x.Type;
        return [dx, null];
    }

    // A permutation of elements; its adjoint is its inverse.
    private static Value?[] DepthToSpace(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        long block = g.Node.GetInt("blocksize", 1);
        if (g.Node.GetString("mode", "DCR") != "CRD")
            return [g.Op("SpaceToDepth", [dy], ("blocksize", AttributeValue.Of(block)))];

        // CRD: channel c b^2 + i b + j of pixel (h, w) went to channel c of pixel (h b + i, w b + j).
        Value batch = g.Builder.SizeOf(x, 0);
        Value height = g.Builder.SizeOf(x, 2);
        Value width = g.Builder.SizeOf(x, 3);
        Value blocks = g.Builder.Reshape(dy, g.Builder.Concat(0, batch, g.Ints(-1), height, g.Ints(block), width, g.Ints(block)));
        return [g.ReshapeLike(g.Builder.Transpose(blocks, 0, 1, 3, 5, 2, 4), x)];
    }

    // SpaceToDepth is the inverse of DepthToSpace in DCR mode.
    private static Value?[] SpaceToDepth(GradientContext g) =>
        [g.Op("DepthToSpace", [g.OutputGradient(0)], ("blocksize", AttributeValue.Of(g.Node.GetInt("blocksize", 1))))];
}
