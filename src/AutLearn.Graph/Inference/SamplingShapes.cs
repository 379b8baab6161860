namespace AutLearn.Graph.Inference;

/// <summary>Operators that sample, cut or put together images, and transforms of signals.</summary>
internal static class SamplingShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "AffineGrid"), AffineGrid);
        rules.Add(("", "GridSample"), GridSample);
        rules.Add(("", "CenterCropPad"), CenterCropPad);
        rules.Add(("", "MaxUnpool"), MaxUnpool);
        rules.Add(("", "Col2Im"), Col2Im);
        rules.Add(("", "RoiAlign"), RoiAlign);
        rules.Add(("", "MaxRoiPool"), MaxRoiPool);
        rules.Add(("", "Det"), c => c.Set(0, c.TypeOf(0), c.Required(0) is { Rank: >= 2 } x ? new Shape(x.Take(x.Rank - 2)) : null));
        rules.Add(("", "DFT"), Dft);
        rules.Add(("", "STFT"), c => c.Set(0, c.TypeOf(0), c.Required(0) is { Rank: > 0 } x ? new Shape(x[0], Dimension.Unknown, Dimension.Unknown, 2) : null));
    }

    // The last axis holds real and imaginary parts; half a spectrum of n has n / 2 + 1 elements, and stands for 2 (n - 1) at least.
    private static void Dft(ShapeContext c)
    {
        if (c.Required(0) is not { Rank: >= 2 } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        bool isInverse = c.Node.GetInt("inverse", 0) != 0, isHalf = c.Node.GetInt("onesided", 0) != 0;
        Shape open = x.With(x.Rank - 1, isInverse && isHalf ? 1 : 2);
        long? given = c.Opset < 20 ? c.Node.GetInt("axis", 1) : c.Node.Input(2) is null ? -2 : c.Ints(2) is [{ Number: { } number }] ? number : null;
        if (given is null)
        {
            c.Set(0, c.TypeOf(0), new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank)));
            return;
        }

        int axis = c.Axis(given.Value, x.Rank);
        Dimension length = c.Node.Input(1) is not null ? (c.Ints(1) is [SymbolicInt known] ? c.Size(known, "dft_length") : Dimension.Unknown)
            : !(isInverse && isHalf) ? x[axis]
            : x[axis].IsKnown ? c.Size(2 * ((Int128)x[axis].Size - 1), "a size of")
            : Dimension.Unknown;
        if (isHalf && !isInverse)
            length = length.IsKnown ? (length.Size / 2) + 1 : Dimension.Unknown;
        c.Set(0, c.TypeOf(0), open.With(axis, length));
    }

    // theta [N, 2, 3] with size [N, C, H, W] gives [N, H, W, 2], one more each in space
    private static void AffineGrid(ShapeContext c)
    {
        if (c.Required(0) is not { Rank: 3 } theta || !theta[1].IsKnown)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        int rank = theta[1].Size is 2 or 3 ? (int)theta[1].Size : throw c.Error($"needs theta of shape [N,2,3] or [N,3,4], not {theta}");
        SymbolicInt[]? size = c.Ints(1);
        if (size is not null && size.Length != rank + 2)
            throw c.Error($"has {size.Length} sizes for theta {theta}");
        IEnumerable<Dimension> spatial = size is null ? Enumerable.Repeat(Dimension.Unknown, rank) : size.Skip(2).Select(s => c.Size(s, "a size of"));
        c.Set(0, c.TypeOf(0), new Shape([theta[0], .. spatial, rank]));
    }

    // x [N, C, in...], grid [N, out..., axes]
    private static void GridSample(ShapeContext c)
    {
        if (c.Required(0) is not { } x || c.Required(1) is not { } grid)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        if (x.Rank < 3 || grid.Rank != x.Rank)
            throw c.Error($"needs an input and a grid of one rank of at least 3, not {x} and {grid}");
        c.Unify(grid[grid.Rank - 1], x.Rank - 2, $"coordinates in grid {grid} and axes of {x}");
        c.Set(0, c.TypeOf(0), new Shape([c.Unify(x[0], grid[0], $"batches of {x} and {grid}"), x[1], .. grid.Skip(1).Take(x.Rank - 2)]));
    }

    private static void CenterCropPad(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        int[] axes = c.Node.GetInts("axes") is { } named ? c.DistinctAxes(named.AsSpan(), x.Rank) : [.. Enumerable.Range(0, x.Rank)];
        SymbolicInt[]? sizes = c.Ints(1);
        if (sizes is not null && sizes.Length != axes.Length)
            throw c.Error($"has {sizes.Length} sizes for {axes.Length} axes");
        Dimension[] dimensions = [.. x];
        for (int i = 0; i < axes.Length; i++)
            dimensions[axes[i]] = sizes is null ? Dimension.Unknown : c.Size(sizes[i], "the target size");
        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    // Undoes a pooling: (n - 1) stride + kernel - pads, unless the sizes are given.
    private static void MaxUnpool(ShapeContext c)
    {
        if (c.Required(0) is not { Rank: > 2 } x || c.Node.GetInts("kernel_shape") is not { } kernel || kernel.Length != x.Rank - 2)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        if (c.Node.Input(2) is not null)
        {
            SymbolicInt[]? sizes = c.Ints(2);
            c.Set(0, c.TypeOf(0), sizes is null || sizes.Length != x.Rank ? new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank)) : c.Sizes(sizes, "a size of"));
            return;
        }

        Dimension[] dimensions = [.. x];
        for (int i = 0; i < kernel.Length; i++)
        {
            long stride = c.Node.GetInts("strides") is { } strides && i < strides.Length ? strides[i] : 1;
            Int128 pads = c.Node.GetInts("pads") is { } given && given.Length == 2 * kernel.Length ? (Int128)given[i] + given[i + kernel.Length] : 0;
            dimensions[i + 2] = x[i + 2].IsKnown ? c.Size((((Int128)x[i + 2].Size - 1) * stride) + kernel[i] - pads, $"a size of axis {i + 2} of") : Dimension.Unknown;
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    // [N, C block, blocks] with the sizes of the image and of a block
    private static void Col2Im(ShapeContext c)
    {
        Shape? x = c.Required(0);
        SymbolicInt[]? image = c.Ints(1), block = c.Ints(2);
        if (x is not { Rank: 3 } || image is null)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        Dimension channels = x[1];
        foreach (SymbolicInt size in block ?? [])
            channels = size.Number is > 0 and var known && channels.IsKnown ? c.Divide(channels, known, "channels") : Dimension.Unknown;
        c.Set(0, c.TypeOf(0), new Shape([x[0], block is null ? Dimension.Unknown : channels, .. image.Select(s => c.Size(s, "a size of"))]));
    }

    private static void RoiAlign(ShapeContext c)
    {
        Dimension height = c.Size(c.Node.GetInt("output_height", 1), "output_height"), width = c.Size(c.Node.GetInt("output_width", 1), "output_width");
        c.Set(0, c.TypeOf(0), new Shape(RegionsOf(c), ChannelsOf(c), height, width));
    }

    private static void MaxRoiPool(ShapeContext c) =>
        c.Set(0, c.TypeOf(0), c.Node.GetInts("pooled_shape") is { Length: 2 } sizes
            ? new Shape(RegionsOf(c), ChannelsOf(c), c.Size(sizes[0], "pooled_shape"), c.Size(sizes[1], "pooled_shape"))
            : null);

    private static Dimension RegionsOf(ShapeContext c) => c.Required(1) is { Rank: > 0 } regions ? regions[0] : Dimension.Unknown;

    private static Dimension ChannelsOf(ShapeContext c) => c.Required(0) is { Rank: > 1 } x ? x[1] : Dimension.Unknown;
}
