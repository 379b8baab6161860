using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of pooling.</summary>
internal static class PoolingGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("GlobalAveragePool", sinceOpset: 1, GlobalAveragePool);
        rules.Add("GlobalMaxPool", sinceOpset: 1, GlobalMaxPool);
        rules.Add("AveragePool", sinceOpset: 11, AveragePool);
        rules.Add("MaxPool", sinceOpset: 11, MaxPool);
    }

    // y = mean x over the spatial axes  =>  dx = dy / n, repeated
    private static Value?[] GlobalAveragePool(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        int rank = g.RankOf(x);
        Shape shape = x.Shape!;
        Value share = shape.Skip(2).All(d => d.IsKnown)
            ? g.Mul(dy, 1d / Math.Max(1, shape.Skip(2).Aggregate(1L, (n, d) => checked(n * d.Size))))
            : g.Div(dy, g.Builder.CastLike(g.Op("ReduceProd", [g.SpatialSizes(x)], ("keepdims", AttributeValue.Of(0L))), x));
        share.Type = new TensorType(x.ElementType, new Shape(shape.Select((d, i) => i < Math.Min(2, rank) ? d : Dimension.Of(1))));
        Value dx = g.Builder.Expand(share, g.ShapeOf(x));
        dx.Type = x.Type;
        return [dx];
    }

    // y = max x over the spatial axes  =>  dx = dy [x = y] / (number of maxima): ties share evenly, as with libtorch's amax
    private static Value?[] GlobalMaxPool(GradientContext g)
    {
        Value x = g.Input(0);
        Value mask = g.Builder.CastLike(g.Builder.Equal(x, g.Output(0)), x);
        mask.Type = x.Type;
        Value axes = g.Ints([.. Enumerable.Range(2, g.RankOf(x) - 2).Select(i => (long)i)]);
        Value dx = g.Mul(mask, g.Div(g.OutputGradient(0), g.Builder.ReduceSumKeep(mask, axes)));
        dx.Type = x.Type;
        return [dx];
    }

    // y = x at the position of each window's first maximum  =>  dx[position] += dy
    private static Value?[] MaxPool(GradientContext g)
    {
        Value x = g.Input(0);
        TensorType? type = g.Output(0).Type is { } output ? output with { ElementType = ElementType.Int64 } : null;
        Value positions;
        if (g.Node.GetInt("storage_order", 0) == 0)
        {
            positions = g.RequireOutput(1, type);
        }
        else
        {
            // The node counts columns first; positions in memory need the other order.
            (string, AttributeValue)[] attributes = [.. g.Node.Attributes.Where(a => a.Key != "storage_order").Select(a => (a.Key, a.Value))];
            positions = g.Ops("MaxPool", 2, [x], attributes)[1];
            positions.Type = type;
        }

        return [g.ScatterByPosition(positions, g.OutputGradient(0), x)];
    }

    // y = sum of x under the window / number of elements that count  =>  dx += dy / number at each element under the window
    private static Value?[] AveragePool(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        dy.Type ??= g.Output(0).Type;
        long[] kernel = [.. g.Node.GetInts("kernel_shape") ?? throw new InvalidModelException($"Node '{g.Node.DisplayName}' (AveragePool) lacks kernel_shape.") { NodeName = g.Node.DisplayName }];
        SlidingWindow window = SlidingWindow.TryOf(g, x, kernel)
            ?? throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (AveragePool with auto_pad and a stride over spatial sizes that are not known)"]);
        Value share = Share(g, window);
        if (IsTiling(g, window))
            return [RepeatTiles(g, share, window)];

        // Channels are alike, so each is a sample of its own under one kernel of ones.
        Value perChannel = AsSamples(g, share);
        Value dx = window.Transposed(g, perChannel, Ones(g, x, [1, 1, .. kernel]), x, group: 1);
        return [g.ReshapeLike(dx, x)];
    }

    private static Value AsSamples(GradientContext g, Value dy)
    {
        Value[] sizes = [.. Enumerable.Range(2, g.RankOf(dy) - 2).Select(i => g.Builder.SizeOf(dy, i))];
        return g.Builder.Reshape(dy, g.JoinSizes([g.Ints(-1, 1), .. sizes]));
    }

    private static Value Share(GradientContext g, SlidingWindow window)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        long whole = window.Kernel.Aggregate(1L, (a, b) => checked(a * b));
        bool countsPadding = g.Node.GetInt("count_include_pad", 0) != 0 || window.Before.Concat(window.After).All(p => p == 0);
        bool overhangs = g.Node.GetInt("ceil_mode", 0) != 0;
        if (countsPadding && !overhangs)
            return g.Mul(dy, 1d / whole);
        if (x.Shape!.Skip(2).All(d => d.IsKnown) && g.Output(0).Shape is { } output && output.Skip(2).All(d => d.IsKnown))
            return g.Mul(dy, InverseCounts(g, window, countsPadding, output));
        return g.Div(dy, Counts(g, window, countsPadding, overhangs));
    }

    // 1 / number of counted elements per window: a product over the axes
    private static Value InverseCounts(GradientContext g, SlidingWindow window, bool countsPadding, Shape output)
    {
        double[] shares = [1];
        for (int axis = 0; axis < window.Rank; axis++)
        {
            long size = g.Input(0).Shape![axis + 2].Size;
            long low = countsPadding ? -window.Before[axis] : 0, high = size + (countsPadding ? window.After[axis] : 0);
            double[] onAxis = new double[output[axis + 2].Size];
            for (int o = 0; o < onAxis.Length; o++)
            {
                long start = (o * window.Strides[axis]) - window.Before[axis];
                long count = 0;
                for (long k = 0; k < window.Kernel[axis]; k++)
                {
                    long at = start + (k * window.Dilations[axis]);
                    count += at >= low && at < high ? 1 : 0;
                }

                onAxis[o] = 1d / Math.Max(1, count);
            }

            shares = [.. shares.SelectMany(s => onAxis.Select(a => s * a))];
        }

        long[] dimensions = [1, 1, .. output.Skip(2).Select(d => d.Size)];
        Tensor tensor = g.Input(0).ElementType == ElementType.Float64
            ? Tensor.Of<double>(dimensions, shares)
            : Tensor.Of<float>(dimensions, Array.ConvertAll(shares, s => (float)s));
        return g.Builder.CastLike(g.Constant(tensor), g.Input(0));
    }

    // The same for sizes that are not known: slide a kernel of ones over ones.
    private static Value Counts(GradientContext g, SlidingWindow window, bool countsPadding, bool overhangs)
    {
        Value x = g.Input(0);
        Value sizes = g.SpatialSizes(x);
        long[] before = window.Before, after = window.After;
        if (countsPadding)
        {
            sizes = g.Add(sizes, g.Ints([.. before.Zip(after, (b, a) => b + a)]));
            (before, after) = (new long[window.Rank], new long[window.Rank]);
        }

        if (overhangs)
            after = [.. after.Zip(window.Strides, (a, s) => a + s - 1)];
        Value ones = g.Builder.Expand(g.One(x), g.Builder.Concat(0, g.Ints(1, 1), sizes));
        ones.Type = new TensorType(x.ElementType, new Shape([1, 1, .. Enumerable.Repeat(Dimension.Unknown, window.Rank)]));
        Value counts = g.Op("Conv", [ones, Ones(g, x, [1, 1, .. window.Kernel])], (window with { Before = before, After = after }).Attributes());
        return overhangs ? window.CutTo(g, counts, g.SpatialSizes(g.Output(0))) : counts;
    }

    private static bool IsTiling(GradientContext g, SlidingWindow window)
    {
        if (!window.IsDense || !window.Kernel.AsSpan().SequenceEqual(window.Strides))
            return false;
        Shape x = g.Input(0).Shape!;
        return Enumerable.Range(0, window.Rank).All(i => x[i + 2].IsKnown && x[i + 2].Size % window.Kernel[i] == 0);
    }

    // Windows side by side: repeat each dy over its tile, which is faster than a transposed convolution.
    private static Value RepeatTiles(GradientContext g, Value share, SlidingWindow window)
    {
        Value x = g.Input(0);
        var split = new List<long> { -1 };
        var repeats = new List<long> { 1 };
        for (int i = 0; i < window.Rank; i++)
        {
            split.AddRange([x.Shape![i + 2].Size / window.Kernel[i], 1]);
            repeats.AddRange([1, window.Kernel[i]]);
        }

        Value tiles = g.Reshape(share, [.. split]);
        return g.ReshapeLike(g.Builder.Expand(tiles, g.Ints([.. repeats])), x);
    }

    private static Value Ones(GradientContext g, Value like, ReadOnlySpan<long> dimensions)
    {
        long count = 1;
        foreach (long size in dimensions)
            count = checked(count * size);
        float[] ones = new float[count];
        Array.Fill(ones, 1f);
        return g.Builder.CastLike(g.Constant(Tensor.Of<float>(dimensions, ones)), like);
    }
}
