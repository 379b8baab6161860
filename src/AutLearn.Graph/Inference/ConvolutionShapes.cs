using System.Collections.Immutable;

namespace AutLearn.Graph.Inference;

/// <summary>Convolutions and pools.</summary>
internal static class ConvolutionShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Conv"), Conv);
        rules.Add(("", "ConvTranspose"), ConvTranspose);
        rules.Add(("", "MaxPool"), Pool);
        rules.Add(("", "AveragePool"), Pool);
        rules.Add(("", "LpPool"), Pool);
        rules.Add(("", "GlobalAveragePool"), GlobalPool);
        rules.Add(("", "GlobalMaxPool"), GlobalPool);
    }

    private static void Conv(ShapeContext c)
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
        long group = c.Node.GetInt("group", 1);
        if (group < 1)
            throw c.Error($"has group {group}");
        c.Unify(x[1], SymbolicSize.Multiply(w[1], group), $"channels in {x} and kernel {w} with group {group}");
        if (w[0].IsKnown && w[0].Size % group != 0)
            throw c.Error($"has {w[0]} output channels, which group {group} does not divide");
        int spatial = x.Rank - 2;
        var dimensions = new List<Dimension> { x[0], w[0] };
        for (int i = 0; i < spatial; i++)
        {
            Dimension kernel = c.Node.GetInts("kernel_shape") is { } k ? At(c, k, i, spatial, 1) : w[i + 2];
            dimensions.Add(Window(c, x[i + 2], kernel, i, spatial, isCeil: false));
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
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
        int spatial = x.Rank - 2;
        bool isCeil = c.Node.GetInt("ceil_mode", 0) != 0;
        var dimensions = new List<Dimension> { x[0], x[1] };
        for (int i = 0; i < spatial; i++)
            dimensions.Add(Window(c, x[i + 2], At(c, kernel, i, spatial, 1), i, spatial, isCeil));
        c.Set(0, c.TypeOf(0), new Shape(dimensions));
        c.Set(1, ElementType.Int64, new Shape(dimensions));
    }

    private static void GlobalPool(ShapeContext c)
    {
        Shape? x = c.Required(0);
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
        int spatial = x.Rank - 2;
        string auto = c.Node.GetString("auto_pad", "NOTSET");
        var dimensions = new List<Dimension> { x[0], SymbolicSize.Multiply(w[1], Math.Max(1, c.Node.GetInt("group", 1))) };
        for (int i = 0; i < spatial; i++)
        {
            long stride = At(c, c.Node.GetInts("strides"), i, spatial, 1);
            long dilation = At(c, c.Node.GetInts("dilations"), i, spatial, 1);
            Dimension kernel = c.Node.GetInts("kernel_shape") is { } k ? At(c, k, i, spatial, 1) : w[i + 2];
            if (c.Node.GetInts("output_shape") is { } output)
            {
                dimensions.Add(At(c, output.Length > spatial ? output[^spatial..] : output, i, spatial, 0));
            }
            else if (auto is "SAME_UPPER" or "SAME_LOWER")
            {
                dimensions.Add(SymbolicSize.Multiply(x[i + 2], stride));
            }
            else if (x[i + 2].IsKnown && kernel.IsKnown)
            {
                ImmutableArray<long>? pads = auto == "VALID" ? null : c.Node.GetInts("pads");
                long size = checked((stride * (x[i + 2].Size - 1)) + (dilation * (kernel.Size - 1)) + 1
                    + At(c, c.Node.GetInts("output_padding"), i, spatial, 0)
                    - At(c, pads, i, 2 * spatial, 0) - At(c, pads, i + spatial, 2 * spatial, 0));
                dimensions.Add(size >= 0 ? size : throw c.Error($"would give an output of size {size}"));
            }
            else
            {
                dimensions.Add(Dimension.Unknown);
            }
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static Dimension Window(ShapeContext c, Dimension input, Dimension kernel, int i, int spatial, bool isCeil)
    {
        long stride = At(c, c.Node.GetInts("strides"), i, spatial, 1);
        long dilation = At(c, c.Node.GetInts("dilations"), i, spatial, 1);
        if (stride < 1 || dilation < 1 || kernel.Is(0))
            throw c.Error($"has stride {stride}, dilation {dilation} and kernel {kernel} on axis {i + 2}");
        string auto = c.Node.GetString("auto_pad", "NOTSET");
        if (auto is "SAME_UPPER" or "SAME_LOWER")
        {
            return input.IsKnown ? (input.Size + stride - 1) / stride : stride == 1 ? input : SymbolicSize.Divide(SymbolicSize.Add(input, stride - 1), stride);
        }

        ImmutableArray<long>? pads = auto == "VALID" ? null : c.Node.GetInts("pads");
        long begin = At(c, pads, i, 2 * spatial, 0);
        long end = At(c, pads, i + spatial, 2 * spatial, 0);
        if (!kernel.IsKnown)
            return Dimension.Unknown;
        long extent = checked((dilation * (kernel.Size - 1)) + 1);
        if (!input.IsKnown)
            return stride == 1 && checked(begin + end) == extent - 1 ? input : Dimension.Unknown;
        long room = checked(input.Size + begin + end - extent);
        if (room < 0)
            throw c.Error($"has a window of {extent} on an input of {input} padded by {begin} and {end}");
        long size = ((isCeil ? room + stride - 1 : room) / stride) + 1;

        // A window that would begin in the padding at the end is left out.
        if (isCeil && (size - 1) * stride >= input.Size + begin)
            size--;
        return size;
    }

    private static long At(ShapeContext c, ImmutableArray<long>? values, int index, int length, long fallback)
    {
        if (values is not { } given || given.Length == 0)
            return fallback;
        return given.Length == length ? given[index] : throw c.Error($"has an attribute of {given.Length} numbers where {length} are needed");
    }
}
