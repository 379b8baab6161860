using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of pooling.</summary>
internal static class PoolingGradients
{
    // Beyond this size of an axis its matrix is mostly zeros, and the convolution wins.
    private const long LargestMatrix = 64;

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

    // y = x at the position of each window's first maximum  =>  dx[position] += dy.
    // ONNX Runtime pools far slower with positions than without, yet comparing shifted copies of x with y instead costs 1.6 times as much.
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
        bool countsPadding = g.Node.GetInt("count_include_pad", 0) != 0 || window.Before.Concat(window.After).All(p => p == 0);
        if (x.Shape!.Skip(2).All(d => d.IsKnown && d.Size <= LargestMatrix) && g.Output(0).Shape is { } output && output.Skip(2).All(d => d.IsKnown && d.Size <= LargestMatrix))
            return [ByMatrices(g, window, output, countsPadding)];

        // Channels are alike, so each is a sample of its own under one kernel of ones.
        Value perChannel = AsSamples(g, Share(g, window, countsPadding));
        Value dx = window.Transposed(g, perChannel, Ones(g, x, [1, 1, .. kernel]), x, group: 1);
        return [g.ReshapeLike(dx, x)];
    }

    // Averaging works on each axis by itself: y = A1 x A2^T with one matrix [outputs, inputs] per axis  =>  dx = A1^T dy A2.
    // Twice as fast as a transposed convolution, and six times as fast as repeating dy where windows do not overlap.
    private static Value ByMatrices(GradientContext g, SlidingWindow window, Shape output, bool countsPadding)
    {
        Value x = g.Input(0);
        Value dx = g.OutputGradient(0);
        long behind = 1;
        for (int axis = window.Rank - 1; axis >= 0; axis--)
        {
            long inputs = x.Shape![axis + 2].Size, outputs = output[axis + 2].Size;
            double[] shares = AxisShares(window, axis, inputs, outputs, countsPadding);
            bool isLast = axis == window.Rank - 1;
            if (isLast)
                dx = g.MatMul(g.Reshape(dx, -1, outputs), Matrix(g, outputs, inputs, shares));
            else
                dx = g.MatMul(Matrix(g, inputs, outputs, Transposed(shares, outputs, inputs)), g.Reshape(dx, -1, outputs, behind));
            behind *= inputs;
        }

        return g.ReshapeLike(dx, x);
    }

    // [outputs, inputs], row by row: 1 / count for each input that an output's window counts
    private static double[] AxisShares(SlidingWindow window, int axis, long inputs, long outputs, bool countsPadding)
    {
        double[] shares = new double[outputs * inputs];
        long low = countsPadding ? -window.Before[axis] : 0, high = inputs + (countsPadding ? window.After[axis] : 0);
        for (long o = 0; o < outputs; o++)
        {
            long start = (o * window.Strides[axis]) - window.Before[axis];
            long[] places = [.. Enumerable.Range(0, (int)window.Kernel[axis]).Select(k => start + (k * window.Dilations[axis]))];
            double share = 1d / Math.Max(1, places.Count(p => p >= low && p < high));
            foreach (long place in places)
            {
                if (place >= 0 && place < inputs)
                    shares[(o * inputs) + place] = share;
            }
        }

        return shares;
    }

    private static double[] Transposed(double[] matrix, long rows, long columns)
    {
        double[] transposed = new double[matrix.Length];
        for (long r = 0; r < rows; r++)
        {
            for (long c = 0; c < columns; c++)
                transposed[(c * rows) + r] = matrix[(r * columns) + c];
        }

        return transposed;
    }

    private static Value Matrix(GradientContext g, long rows, long columns, double[] values) => g.Input(0).ElementType == ElementType.Float64
        ? g.Constant(Tensor.Of<double>([rows, columns], values))
        : g.Builder.CastLike(g.Constant(Tensor.Of<float>([rows, columns], Array.ConvertAll(values, v => (float)v))), g.Input(0));

    public static Value AsSamples(GradientContext g, Value dy)
    {
        Value[] sizes = [.. Enumerable.Range(2, g.RankOf(dy) - 2).Select(i => g.Builder.SizeOf(dy, i))];
        return g.Builder.Reshape(dy, g.JoinSizes([g.Ints(-1, 1), .. sizes]));
    }

    // dy / number of elements that count
    private static Value Share(GradientContext g, SlidingWindow window, bool countsPadding)
    {
        bool overhangs = g.Node.GetInt("ceil_mode", 0) != 0;
        return countsPadding && !overhangs
            ? g.Mul(g.OutputGradient(0), 1d / window.Kernel.Aggregate(1L, (a, b) => checked(a * b)))
            : g.Div(g.OutputGradient(0), Counts(g, window, countsPadding, overhangs));
    }

    // For sizes that are not known: slide a kernel of ones over ones.
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

    public static Value Ones(GradientContext g, Value like, ReadOnlySpan<long> dimensions)
    {
        long count = 1;
        foreach (long size in dimensions)
            count = checked(count * size);
        float[] ones = new float[count];
        Array.Fill(ones, 1f);
        return g.Builder.CastLike(g.Constant(Tensor.Of<float>(dimensions, ones)), like);
    }
}
