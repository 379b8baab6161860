namespace AutLearn.Graph.Inference;

/// <summary>Operators that move data without computing.</summary>
internal static class MovementShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Reshape"), Reshape);
        rules.Add(("", "Flatten"), Flatten);
        rules.Add(("", "Squeeze"), Squeeze);
        rules.Add(("", "Unsqueeze"), Unsqueeze);
        rules.Add(("", "Transpose"), Transpose);
        rules.Add(("", "Concat"), Concat);
        rules.Add(("", "Split"), Split);
        rules.Add(("", "Slice"), Slice);
        rules.Add(("", "Expand"), Expand);
        rules.Add(("", "Tile"), Tile);
        rules.Add(("", "Pad"), Pad);
        rules.Add(("", "DepthToSpace"), DepthToSpace);
        rules.Add(("", "SpaceToDepth"), SpaceToDepth);
        rules.Add(("", "Resize"), Resize);
        rules.Add(("", "Upsample"), Resize);
    }

    private static void Reshape(ShapeContext c)
    {
        Shape? input = c.Required(0);
        if (c.Ints(1) is not { } target)
        {
            Shape? open = c.ShapeOf(1) is { Rank: 1 } length && length[0].IsKnown && length[0].Size <= 64
                ? new Shape(Enumerable.Repeat(Dimension.Unknown, (int)length[0].Size))
                : null;
            c.Set(0, c.TypeOf(0), open);
            return;
        }

        bool copiesZero = c.Node.GetInt("allowzero", 0) == 0;
        var dimensions = new Dimension[target.Length];
        int free = -1;
        for (int i = 0; i < target.Length; i++)
        {
            if (target[i].Number == -1)
            {
                if (free >= 0)
                    throw c.Error("leaves two dimensions free");
                free = i;
                dimensions[i] = Dimension.Unknown;
            }
            else if (target[i].Number == 0 && copiesZero)
            {
                if (input is not null && i >= input.Rank)
                    throw c.Error($"copies dimension {i}, which an input of shape {input} lacks");
                dimensions[i] = input is null ? Dimension.Unknown : input[i];
            }
            else if (target[i].Number < 0)
            {
                throw c.Error($"reshapes to {target[i].Number}");
            }
            else
            {
                dimensions[i] = target[i].Size;
            }
        }

        if (input is not null)
            Settle(c, input, dimensions, free);
        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static void Settle(ShapeContext c, Shape input, Dimension[] dimensions, int free)
    {
        Dimension total = input.Aggregate((Dimension)1L, SymbolicSize.Multiply);
        Dimension rest = dimensions.Where((_, i) => i != free).Aggregate((Dimension)1L, SymbolicSize.Multiply);
        if (free >= 0)
        {
            if (total.IsKnown && rest.IsKnown && rest.Size > 0 && total.Size % rest.Size != 0)
                throw c.Error($"cannot divide the {total} elements of {input} by {rest}");
            dimensions[free] = SymbolicSize.Divide(total, rest);
        }
        else if (total.IsKnown && rest.IsKnown && total != rest)
        {
            throw c.Error($"reshapes {input} of {total} elements to {new Shape(dimensions)} of {rest}");
        }
        else if (dimensions.Count(d => !d.IsKnown && d.Symbol is null) == 1)
        {
            int open = Array.FindIndex(dimensions, d => !d.IsKnown && d.Symbol is null);
            dimensions[open] = SymbolicSize.Divide(total, dimensions.Where((_, i) => i != open).Aggregate((Dimension)1L, SymbolicSize.Multiply));
        }
    }

    private static void Flatten(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), new Shape(Dimension.Unknown, Dimension.Unknown));
            return;
        }

        long axis = c.Node.GetInt("axis", 1);
        axis = axis < 0 ? axis + x.Rank : axis;
        if (axis < 0 || axis > x.Rank)
            throw c.Error($"has axis {axis} for an input of shape {x}");
        Dimension outer = x.Take((int)axis).Aggregate((Dimension)1L, SymbolicSize.Multiply);
        Dimension inner = x.Skip((int)axis).Aggregate((Dimension)1L, SymbolicSize.Multiply);
        c.Set(0, c.TypeOf(0), new Shape(outer, inner));
    }

    private static void Squeeze(ShapeContext c)
    {
        Shape? x = c.Required(0);
        long[]? axes = c.Has(1, "axes") ? c.Numbers(1, "axes") : null;
        if (x is null || (axes is null && (c.Has(1, "axes") || !x.All(d => d.IsKnown))))
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        var dropped = axes is null
            ? Enumerable.Range(0, x.Rank).Where(i => x[i].Is(1)).ToHashSet()
            : axes.Select(a => c.Axis(a, x.Rank)).ToHashSet();
        foreach (int axis in dropped)
        {
            if (x[axis].IsKnown && !x[axis].Is(1))
                throw c.Error($"squeezes axis {axis} of {x}");
        }

        c.Set(0, c.TypeOf(0), new Shape(x.Where((_, i) => !dropped.Contains(i))));
    }

    private static void Unsqueeze(ShapeContext c)
    {
        if (c.Required(0) is not { } x || c.Numbers(1, "axes") is not { } axes)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        int rank = x.Rank + axes.Length;
        var added = axes.Select(a => c.Axis(a, rank)).ToHashSet();
        if (added.Count != axes.Length)
            throw c.Error("adds one axis twice");
        int next = 0;
        c.Set(0, c.TypeOf(0), new Shape(Enumerable.Range(0, rank).Select(i => added.Contains(i) ? 1 : x[next++]).ToArray()));
    }

    private static void Transpose(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        long[] order = c.Node.GetInts("perm") is { } perm ? [.. perm] : [.. Enumerable.Range(0, x.Rank).Reverse().Select(i => (long)i)];
        if (order.Length != x.Rank || order.Distinct().Count() != x.Rank || order.Any(i => i < 0 || i >= x.Rank))
            throw c.Error($"permutes {x} by [{string.Join(",", order)}]");
        c.Set(0, c.TypeOf(0), new Shape(order.Select(i => x[(int)i])));
    }

    private static void Concat(ShapeContext c)
    {
        if (c.Node.Inputs.Count == 0 || c.Required(0) is not { } first)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        int axis = c.Axis(c.Node.GetInt("axis", 0), first.Rank);
        Dimension[] dimensions = [.. first];
        for (int i = 1; i < c.Node.Inputs.Count; i++)
        {
            if (c.Required(i) is not { } next)
            {
                c.Set(0, c.TypeOf(0), new Shape(Enumerable.Repeat(Dimension.Unknown, first.Rank)));
                return;
            }

            if (next.Rank != first.Rank)
                throw c.Error($"joins shapes {first} and {next}");
            for (int d = 0; d < dimensions.Length; d++)
                dimensions[d] = d == axis ? SymbolicSize.Add(dimensions[d], next[d]) : c.Unify(dimensions[d], next[d], $"sizes of axis {d}");
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static void Split(ShapeContext c)
    {
        Shape? x = c.Required(0);
        int count = c.Node.Outputs.Count;
        if (x is null)
        {
            for (int o = 0; o < count; o++)
                c.Set(o, c.TypeOf(0), null);
            return;
        }

        int axis = c.Axis(c.Node.GetInt("axis", 0), x.Rank);
        long[]? sizes = c.Has(1, "split") ? c.Numbers(1, "split") : null;
        if (sizes is not null && sizes.Length != count)
            throw c.Error($"splits into {sizes.Length} parts and has {count} outputs");
        long part = x[axis].IsKnown ? (x[axis].Size + count - 1) / count : 0;
        for (int o = 0; o < count; o++)
        {
            Dimension size = sizes is not null ? sizes[o]
                : c.Has(1, "split") || !x[axis].IsKnown ? Dimension.Unknown
                : Math.Max(0, Math.Min(part, x[axis].Size - (o * part)));
            c.Set(o, c.TypeOf(0), x.With(axis, size));
        }
    }

    private static void Slice(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        long[]? starts = c.Numbers(1, "starts");
        long[]? ends = c.Numbers(2, "ends");
        long[]? axes = c.Has(3, "axes") ? c.Numbers(3, "axes") : [.. Enumerable.Range(0, starts?.Length ?? ends?.Length ?? 0).Select(i => (long)i)];
        long[]? steps = c.Node.Input(4) is null ? null : c.Numbers(4, "steps");
        bool areStepsOpen = c.Node.Input(4) is not null && steps is null;
        if (axes is null || (starts is null && ends is null && !c.Has(3, "axes")))
        {
            c.Set(0, c.TypeOf(0), new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank)));
            return;
        }

        Dimension[] dimensions = [.. x];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = c.Axis(axes[i], x.Rank);
            dimensions[axis] = starts is null || ends is null || areStepsOpen
                ? Dimension.Unknown
                : SliceSize(c, x[axis], starts[i], ends[i], steps?[i] ?? 1);
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static Dimension SliceSize(ShapeContext c, Dimension size, long start, long end, long step)
    {
        if (step == 0)
            throw c.Error("slices with step 0");
        if (!size.IsKnown)
        {
            bool isWhole = (step == 1 && start == 0 && end >= int.MaxValue) || (step == -1 && start == -1 && end <= -int.MaxValue);
            return isWhole ? size : Dimension.Unknown;
        }

        long n = size.Size;
        start = start < 0 ? start + n : start;
        end = end < 0 && end >= -n ? end + n : end;
        if (step > 0)
        {
            start = Math.Clamp(start, 0, n);
            end = Math.Clamp(end, 0, n);
            return end <= start ? 0 : ((end - start - 1) / step) + 1;
        }

        start = Math.Clamp(start, -1, n - 1);
        end = Math.Clamp(end, -1, n - 1);
        return start <= end ? 0 : step == long.MinValue ? 1 : ((start - end - 1) / -step) + 1;
    }

    private static void Expand(ShapeContext c)
    {
        if (c.Ints(1) is { } target)
        {
            c.Set(0, c.TypeOf(0), c.Broadcast(c.Required(0), new Shape(target.Select(t => t.Size))));
            return;
        }

        bool hasRank = c.Required(0) is { } x && c.ShapeOf(1) is { Rank: 1 } length && length[0].IsKnown && length[0].Size <= 64;
        c.Set(0, c.TypeOf(0), hasRank ? new Shape(Enumerable.Repeat(Dimension.Unknown, (int)Math.Max(c.ShapeOf(0)!.Rank, c.ShapeOf(1)![0].Size))) : null);
    }

    private static void Tile(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        SymbolicInt[]? repeats = c.Ints(1);
        if (repeats is not null && repeats.Length != x.Rank)
            throw c.Error($"repeats {x} by {repeats.Length} numbers");
        c.Set(0, c.TypeOf(0), new Shape(x.Select((d, i) => repeats is null ? Dimension.Unknown : SymbolicSize.Multiply(d, repeats[i].Size))));
    }

    private static void Pad(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        long[]? pads = c.Numbers(1, "pads");
        long[]? axes = c.Node.Input(3) is null ? [.. Enumerable.Range(0, x.Rank).Select(i => (long)i)] : c.Numbers(3, "axes");
        if (pads is null || axes is null)
        {
            c.Set(0, c.TypeOf(0), new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank)));
            return;
        }

        if (pads.Length != 2 * axes.Length)
            throw c.Error($"pads {axes.Length} axes by {pads.Length} numbers");
        Dimension[] dimensions = [.. x];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = c.Axis(axes[i], x.Rank);
            long by = checked(pads[i] + pads[i + axes.Length]);
            if (x[axis].IsKnown && x[axis].Size + by < 0)
                throw c.Error($"pads axis {axis} of {x} by {by}");
            dimensions[axis] = by == 0 ? x[axis] : x[axis].IsKnown ? x[axis].Size + by : by > 0 ? SymbolicSize.Add(x[axis], by) : Dimension.Unknown;
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static void DepthToSpace(ShapeContext c)
    {
        long block = Math.Max(1, c.Node.GetInt("blocksize", 1));
        c.Set(0, c.TypeOf(0), c.Required(0) is { Rank: 4 } x
            ? new Shape(x[0], SymbolicSize.Divide(x[1], checked(block * block)), SymbolicSize.Multiply(x[2], block), SymbolicSize.Multiply(x[3], block))
            : null);
    }

    private static void SpaceToDepth(ShapeContext c)
    {
        long block = Math.Max(1, c.Node.GetInt("blocksize", 1));
        c.Set(0, c.TypeOf(0), c.Required(0) is { Rank: 4 } x
            ? new Shape(x[0], SymbolicSize.Multiply(x[1], checked(block * block)), SymbolicSize.Divide(x[2], block), SymbolicSize.Divide(x[3], block))
            : null);
    }

    private static void Resize(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        var open = new Shape(Enumerable.Repeat(Dimension.Unknown, x.Rank));
        if (c.Node.OpType == "Resize" && c.Node.Input(3) is not null && c.Ints(3) is { } sizes && sizes.Length == x.Rank)
        {
            c.Set(0, c.TypeOf(0), new Shape(sizes.Select(s => s.Size)));
            return;
        }

        int index = c.Node.OpType == "Resize" && c.Opset >= 11 ? 2 : 1;
        float[]? scales = c.Node.GetFloats("scales") is { } given ? [.. given]
            : c.Node.Input(index) is { IsConstant: true, ElementType: ElementType.Float32 } value ? value.Initializer!.Span<float>().ToArray() : null;
        if (scales is null || scales.Length != x.Rank)
        {
            c.Set(0, c.TypeOf(0), open);
            return;
        }

        c.Set(0, c.TypeOf(0), new Shape(x.Select((d, i) => scales[i] == 1 ? d
            : d.IsKnown && scales[i] is > 0 and < 1e6f ? (long)Math.Floor(d.Size * (double)scales[i]) : Dimension.Unknown)));
    }
}
