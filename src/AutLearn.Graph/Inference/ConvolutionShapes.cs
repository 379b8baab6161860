using System.Collections.Immutable;

namespace AutLearn.Graph.Inference;

/// <summary>Convolutions and pools.</summary>
internal static class ConvolutionShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Conv"), c => Conv(c, 1, c.TypeOf(0)));
        rules.Add(("", "ConvInteger"), c => Conv(c, 1, ElementType.Int32));
        rules.Add(("", "QLinearConv"), c => Conv(c, 3, c.TypeOf(7)));
        rules.Add(("com.microsoft", "FusedConv"), c => Conv(c, 1, c.TypeOf(0)));
        rules.Add(("", "ConvTranspose"), ConvTranspose);
        rules.Add(("", "MaxPool"), Pool);
        rules.Add(("", "AveragePool"), Pool);
        rules.Add(("", "LpPool"), Pool);
        rules.Add(("", "GlobalAveragePool"), GlobalPool);
        rules.Add(("", "GlobalMaxPool"), GlobalPool);
        rules.Add(("", "GlobalLpPool"), GlobalPool);
        rules.Add(("", "DeformConv"), c => Conv(c, 1, c.TypeOf(0)));
        rules.Add(("com.microsoft", "QLinearGlobalAveragePool"), c => ChannelsFirst(c, GlobalPool));
        rules.Add(("com.microsoft", "QLinearAveragePool"), c => ChannelsFirst(c, Pool));
    }

    private static void Conv(ShapeContext c, int weights, ElementType type)
    {
        Shape? x = c.Required(0);
        Shape? w = c.Required(weights);
        if (x is null || w is null)
        {
            c.Set(0, type, x is null ? null : new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank)));
            return;
        }

        if (x.Rank < 3 || w.Rank != x.Rank)
            throw c.Error($"needs an input and a kernel of one rank of at least 3, not {x} and {w}");
        long group = Group(c);
        c.Unify(x[1], c.Multiply(w[1], group, "channels"), $"channels in {x} and kernel {w} with group {group}");
        if (w[0].IsKnown && w[0].Size % group != 0)
            throw c.Error($"has {w[0]} output channels, which group {group} does not divide");
        int spatial = x.Rank - 2;
        var dimensions = new List<Dimension> { x[0], w[0] };
        for (int i = 0; i < spatial; i++)
        {
            dimensions.Add(Window(c, x[i + 2], Kernel(c, w[i + 2], i, spatial), i, spatial, isCeil: false));
        }

        c.Set(0, type, new Shape(dimensions));
    }

    // Images with their channels last are left open.
    private static void ChannelsFirst(ShapeContext c, ShapeRule rule)
    {
        if (c.Node.GetInt("channels_last", 0) == 0)
            rule(c);
        else
            c.Set(0, c.TypeOf(0), null);
    }

    private static void Pool(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            c.Set(1, ElementType.Int64, null);
            return;
        }

        if (x.Rank < 3 || c.Node.GetInts("kernel_shape") is not { } kernel)
            throw c.Error($"needs a kernel_shape and an input of rank 3 or more, not {x}");
        if (kernel.IsEmpty)
            throw c.Error("has an empty kernel_shape");
        int spatial = x.Rank - 2;
        bool isCeil = c.Node.GetInt("ceil_mode", 0) != 0;
        var dimensions = new List<Dimension> { x[0], x[1] };
        for (int i = 0; i < spatial; i++)
        {
            long size = Positive(c, "kernel_shape", i, spatial);
            (long begin, long end) = Pads(c, i, spatial);
            if (begin >= size || end >= size)
                throw c.Error($"has pads {begin} and {end} on axis {i + 2}, where a window of {size} would lie in them");
            dimensions.Add(Window(c, x[i + 2], size, i, spatial, isCeil));
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
        c.Set(1, ElementType.Int64, new Shape(dimensions));
    }

    private static void GlobalPool(ShapeContext c)
    {
        Shape? x = c.Required(0);
        if (x is { Rank: < 2 })
            throw c.Error($"needs an input of rank 2 or more, not {x}");
        c.Set(0, c.TypeOf(0), x is null ? null : new Shape(x.Select((d, i) => i < 2 ? d : Dimension.Of(1))));
    }

    private static void ConvTranspose(ShapeContext c)
    {
        Shape? x = c.Required(0);
        Shape? w = c.Required(1);
        if (x is null || w is null)
        {
            c.Set(0, c.TypeOf(0), x is null ? null : new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank)));
            return;
        }

        if (x.Rank < 3 || w.Rank != x.Rank)
            throw c.Error($"needs an input and a kernel of one rank of at least 3, not {x} and {w}");
        c.Unify(x[1], w[0], $"channels in {x} and kernel {w}");
        long group = Group(c);
        if (x[1].IsKnown && x[1].Size % group != 0)
            throw c.Error($"has {x[1]} input channels, which group {group} does not divide");
        int spatial = x.Rank - 2;
        var dimensions = new List<Dimension> { x[0], c.Multiply(w[1], group, "channels") };
        for (int i = 0; i < spatial; i++)
            dimensions.Add(TransposedSize(c, x[i + 2], Kernel(c, w[i + 2], i, spatial), i, spatial));
        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static Dimension TransposedSize(ShapeContext c, Dimension input, Dimension kernel, int i, int spatial)
    {
        long stride = Positive(c, "strides", i, spatial);
        long dilation = Positive(c, "dilations", i, spatial);
        long added = At(c, c.Node.GetInts("output_padding"), i, spatial, 0);
        if (added is < 0 or > int.MaxValue)
            throw c.Error($"has output_padding {added} on axis {i + 2}");
        (long begin, long end) = Pads(c, i, spatial);
        if (c.Node.GetInts("output_shape") is { Length: > 0 } output)
            return c.Size((Int128)At(c, output.Length > spatial ? output[^spatial..] : output, i, spatial, 0), $"output_shape on axis {i + 2} of");
        if (IsSame(c))
            return c.Multiply(input, stride, $"a size of axis {i + 2} of");
        if (!input.IsKnown || !kernel.IsKnown)
            return Dimension.Unknown;
        Int128 size = (stride * ((Int128)input.Size - 1)) + (dilation * ((Int128)kernel.Size - 1)) + 1 + added - begin - end;
        return c.Size(size, $"a size of axis {i + 2} of");
    }

    private static Dimension Window(ShapeContext c, Dimension input, Dimension kernel, int i, int spatial, bool isCeil)
    {
        long stride = Positive(c, "strides", i, spatial);
        long dilation = Positive(c, "dilations", i, spatial);
        (long begin, long end) = Pads(c, i, spatial);
        if (IsSame(c))
        {
            return input.IsKnown ? (input.Size / stride) + (input.Size % stride == 0 ? 0 : 1)
                : stride == 1 ? input : SymbolicSize.Divide(SymbolicSize.Add(input, stride - 1), stride);
        }

        if (!kernel.IsKnown)
            return Dimension.Unknown;
        Int128 extent = (dilation * ((Int128)kernel.Size - 1)) + 1;
        if (!input.IsKnown)
            return stride == 1 && begin + end == extent - 1 ? input : Dimension.Unknown;
        Int128 room = (Int128)input.Size + begin + end - extent;
        if (room < 0)
            throw c.Error($"has a window of {extent} on an input of {input} padded by {begin} and {end}");
        Int128 size = ((isCeil ? room + stride - 1 : room) / stride) + 1;

        // A window that would begin in the padding at the end is left out.
        if (isCeil && (size - 1) * stride >= (Int128)input.Size + begin)
            size--;
        return c.Size(size, $"a size of axis {i + 2} of");
    }

    private static long Group(ShapeContext c) =>
        c.Node.GetInt("group", 1) is >= 1 and <= int.MaxValue and long group ? group : throw c.Error($"has group {c.Node.GetInt("group", 1)}");

    private static Dimension Kernel(ShapeContext c, Dimension ofWeights, int i, int spatial)
    {
        if (c.Node.GetInts("kernel_shape") is { Length: > 0 })
            ofWeights = c.Unify(ofWeights, Positive(c, "kernel_shape", i, spatial), $"sizes of axis {i + 2} of the kernel and in kernel_shape");
        return ofWeights.Is(0) ? throw c.Error($"has a kernel of size 0 on axis {i + 2}") : ofWeights;
    }

    private static bool IsSame(ShapeContext c) => c.Node.GetString("auto_pad", "NOTSET") switch
    {
        "SAME_UPPER" or "SAME_LOWER" => true,
        "NOTSET" or "VALID" or "" => false,
        string other => throw c.Error($"has auto_pad '{other}'"),
    };

    // Pads are given or follow from auto_pad.
    private static (long Begin, long End) Pads(ShapeContext c, int i, int spatial)
    {
        if (c.Node.GetString("auto_pad", "NOTSET") == "VALID")
            return (0, 0);
        ImmutableArray<long>? pads = c.Node.GetInts("pads");
        long begin = At(c, pads, i, 2 * spatial, 0);
        long end = At(c, pads, i + spatial, 2 * spatial, 0);
        return begin is < 0 or > int.MaxValue || end is < 0 or > int.MaxValue ? throw c.Error($"has pads {begin} and {end} on axis {i + 2}") : (begin, end);
    }

    private static long Positive(ShapeContext c, string attribute, int i, int spatial)
    {
        long number = At(c, c.Node.GetInts(attribute), i, spatial, 1);
        return number is >= 1 and <= int.MaxValue ? number : throw c.Error($"has {attribute} {number} on axis {i + 2}");
    }

    private static long At(ShapeContext c, ImmutableArray<long>? values, int index, int length, long fallback)
    {
        if (values is not { } given || given.Length == 0)
            return fallback;
        return given.Length == length ? given[index] : throw c.Error($"has an attribute of {given.Length} numbers where {length} are needed");
    }
}
