using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Sampling images at positions that are computed themselves, taken apart into gathers, weights and sums.</summary>
/// <remarks>Jaderberg et al., Spatial transformer networks, arXiv:1506.02025.</remarks>
internal static class GridGradients
{
    // The kernel of ONNX and libtorch; Keys, Cubic convolution interpolation, 1981.
    private const double CubicCoefficient = -0.75;

    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("AffineGrid", sinceOpset: 20, AffineGrid);
        rules.AddComposed("GridSample", sinceOpset: 16, GridSample);
    }

    // grid = theta (x, y, 1) or theta (x, y, z, 1) at the centres of an image's elements, the last axis of the image being x
    private static Value?[] AffineGrid(GradientContext g)
    {
        Value theta = g.Input(0), size = g.Input(1);
        int rank = theta.Shape is { Rank: 3 } shape && shape[1].IsKnown
            ? (int)shape[1].Size
            : throw new AutLearnException($"The gradient of node '{g.Node.DisplayName}' (AffineGrid) needs the shape of '{theta.Name}', which is {theta.Shape}.") { NodeName = g.Node.DisplayName };
        Value sizes = g.Op("Slice", [size, g.Ints(2), g.Ints(2 + rank)]);
        var parts = new Value?[rank + 1];
        for (int i = 0; i < rank; i++)
        {
            int axis = rank - 1 - i;
            Value places = Places(g, theta, g.Op("Gather", [size, g.Int(2 + axis)]));
            Value along = g.Reshape(places, [.. Enumerable.Range(0, rank).Select(a => a == axis ? -1L : 1L), 1]);
            parts[i] = g.Builder.Expand(along, g.Builder.Concat(0, sizes, g.Ints(1)));
        }

        parts[rank] = g.Builder.Expand(g.One(theta), g.Builder.Concat(0, sizes, g.Ints(1)));
        Value points = g.Reshape(g.Builder.Concat(-1, parts), -1, rank + 1);
        Value grid = g.MatMul(points, g.Builder.Transpose(theta, 0, 2, 1));
        return [g.Builder.Reshape(grid, g.Builder.Concat(0, g.Ints(0), sizes, g.Ints(rank)))];
    }

    // -1 and 1 are the centres of the outer elements with align_corners, their outer edges without.
    private static Value Places(GradientContext g, Value like, Value size)
    {
        Value steps = g.Builder.CastLike(g.Op("Range", [g.Int(0), size, g.Int(1)]), like);
        Value count = g.Builder.CastLike(size, like);
        if (g.Node.GetInt("align_corners", 0) != 0)
            return g.Sub(g.Div(g.Mul(steps, 2), g.Op("Max", [g.Sub(count, g.One(like)), g.One(like)])), g.One(like));
        return g.Sub(g.Div(g.Add(g.Mul(steps, 2), g.One(like)), count), g.One(like));
    }

    // y = sum over the neighbours of each point of x there times its weight along each axis
    private static Value?[] GridSample(GradientContext g)
    {
        Value x = g.Input(0), grid = g.Input(1);
        int rank = g.RankOf(x) - 2;
        if (rank is < 1 or > 3)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (GridSample of {rank} axes)"]);
        Tap[][] taps = [.. Enumerable.Range(0, rank).Select(axis => Taps(g, axis, rank))];
        Value rows = g.Reshape(x, 0, 0, -1);
        Value channels = g.JoinSizes(g.Ints(1), g.Builder.SizeOf(x, 1), g.Ints(1));
        Value? y = null;
        foreach (Tap tap in Corners(g, taps))
        {
            Value index = g.Builder.Expand(g.Reshape(tap.Index, 0, 1, -1), channels);
            Value read = g.Op("GatherElements", [rows, index], ("axis", AttributeValue.Of(2L)));
            Value part = tap.Weight is null ? read : g.Mul(read, g.Reshape(g.Builder.CastLike(tap.Weight, x), 0, 1, -1));
            y = y is null ? part : g.Add(y, part);
        }

        Value[] sizes = [g.Ints(0, 0), .. Enumerable.Range(1, rank).Select(a => g.Builder.SizeOf(grid, a))];
        return [g.Builder.Reshape(y!, g.JoinSizes(sizes))];
    }

    // Every combination of one neighbour along each axis: its position in memory, [N, points...], and the product of the weights
    private static IEnumerable<Tap> Corners(GradientContext g, Tap[][] taps)
    {
        IEnumerable<Tap> corners = taps[0];
        for (int axis = 1; axis < taps.Length; axis++)
        {
            int a = axis;
            Value size = Size(g, a);
            corners = [.. corners.SelectMany(c => taps[a].Select(t => new Tap(
                g.Add(g.Mul(c.Index, size), t.Index),
                c.Weight is null ? t.Weight : t.Weight is null ? c.Weight : g.Mul(c.Weight, t.Weight))))];
        }

        return corners;
    }

    private static Value Size(GradientContext g, int axis)
    {
        Value x = g.Input(0);
        return x.Shape![axis + 2].IsKnown ? g.Int(x.Shape[axis + 2].Size) : g.Op("Squeeze", [g.Builder.SizeOf(x, axis + 2), g.Ints(0)]);
    }

    private static Tap[] Taps(GradientContext g, int axis, int rank)
    {
        Value grid = g.Input(1);
        Value size = Size(g, axis), count = g.Builder.CastLike(size, grid);
        Value at = g.Op("Gather", [grid, g.Int(rank - 1 - axis)], ("axis", AttributeValue.Of(-1L)));
        Value fromEdge = g.Add(at, g.One(at));
        at = g.Node.GetInt("align_corners", 0) != 0
            ? g.Mul(fromEdge, g.Mul(g.Sub(count, g.One(count)), 0.5))
            : g.Mul(g.Sub(g.Mul(fromEdge, count), g.One(at)), 0.5);
        switch (g.Node.GetString("mode", "linear"))
        {
            case "nearest":
                return [Inside(g, g.Op("Round", [at]), null, size)];
            case "bilinear" or "linear":
                Value low = g.Op("Floor", [at]);
                Value share = g.Sub(at, low);
                return [Inside(g, low, g.Sub(g.One(at), share), size), Inside(g, g.Add(low, g.One(low)), share, size)];
            case "bicubic" or "cubic":
                Value middle = g.Op("Floor", [at]);
                Value t = g.Sub(at, middle);
                return [.. Enumerable.Range(-1, 4).Select(k => Inside(g, g.Add(middle, g.Scalar(at, k)), Cubic(g, t, k), size))];
            case var mode:
                throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (GridSample with mode '{mode}')"]);
        }
    }

    // With d = |t - k|: (a + 2) d^3 - (a + 3) d^2 + 1 for d <= 1, a d^3 - 5a d^2 + 8a d - 4a for d <= 2
    private static Value Cubic(GradientContext g, Value t, int k)
    {
        const double a = CubicCoefficient;
        Value d = k <= 0 ? g.Add(t, g.Scalar(t, -k)) : g.Sub(g.Scalar(t, k), t);
        double[] c = k is 0 or 1 ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a];
        Value sum = g.Add(g.Mul(d, c[0]), g.Scalar(t, c[1]));
        for (int i = 2; i < 4; i++)
            sum = g.Add(g.Mul(sum, d), g.Scalar(t, c[i]));
        return sum;
    }

    // What lies outside counts as 0, as the nearest element, or as its mirror image.
    private static Tap Inside(GradientContext g, Value place, Value? weight, Value size)
    {
        Value index = g.Builder.Cast(place, ElementType.Int64);
        Value last = g.Sub(size, g.Int(1));
        switch (g.Node.GetString("padding_mode", "zeros"))
        {
            case "border":
                return new(Bounded(g, index, last), weight);
            case "reflection":
                bool aligned = g.Node.GetInt("align_corners", 0) != 0;
                Value period = g.Mul(aligned ? g.Op("Max", [last, g.Int(1)]) : size, g.Int(2));
                Value turned = g.Op("Mod", [index, period]);
                Value mirrored = g.Sub(aligned ? period : g.Sub(period, g.Int(1)), turned);
                return new(Bounded(g, g.Op("Min", [turned, mirrored]), last), weight);
            default:
                Value bounded = Bounded(g, index, last);
                Value isInside = g.Builder.CastLike(g.Builder.Equal(index, bounded), place);
                return new(bounded, weight is null ? isInside : g.Mul(weight, isInside));
        }
    }

    private static Value Bounded(GradientContext g, Value index, Value last) => g.Op("Max", [g.Op("Min", [index, last]), g.Int(0)]);

    /// <summary>One neighbour of each point: its position, and its weight where it is not 1.</summary>
    private sealed record Tap(Value Index, Value? Weight);
}
