namespace AutLearn.Graph.Inference;

/// <summary>Operators that move data without computing.</summary>
internal static class MovementShapes
{
    // What exporters write for "to the end": the largest Int32 or Int64, and TensorFlow's 1,000,000,000.
    private const long ToTheEnd = 1_000_000_000;

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
                dimensions[i] = c.Size(target[i], "the target size");
            }
        }

        if (free >= 0 && !copiesZero && Array.Exists(target, t => t.Number == 0))
            throw c.Error("leaves a dimension free beside one of size 0");
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
                dimensions[d] = d == axis ? c.Add(dimensions[d], next[d], $"a size of axis {d} of") : c.Unify(dimensions[d], next[d], $"sizes of axis {d}");
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    private static void Split(ShapeContext c)
    {
        Shape? x = c.Required(0);
        int count = c.Node.Outputs.Count;
        long parts = c.Node.GetInt("num_outputs", count);
        if (parts != count || count == 0)
            throw c.Error($"splits into {parts} parts and has {count} outputs");
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
        Dimension[] given = sizes is not null ? PartsOf(c, x, axis, sizes)
            : c.Has(1, "split") || !x[axis].IsKnown ? [.. Enumerable.Repeat(Dimension.Unknown, count)]
            : EqualParts(c, x, axis, count);
        for (int o = 0; o < count; o++)
            c.Set(o, c.TypeOf(0), x.With(axis, given[o]));
    }

    private static Dimension[] PartsOf(ShapeContext c, Shape x, int axis, long[] sizes)
    {
        Dimension[] parts = [.. sizes.Select(s => c.Size((Int128)s, "a part of size"))];
        Dimension sum = parts.Aggregate((a, b) => c.Add(a, b, "a sum of parts of"));
        if (x[axis].IsKnown && sum != x[axis])
            throw c.Error($"splits axis {axis} of {x} into parts of together {sum}");
        return parts;
    }

    // From version 18 on the last part may be smaller.
    private static Dimension[] EqualParts(ShapeContext c, Shape x, int axis, int count)
    {
        long size = x[axis].Size;
        long part = (size / count) + (size % count == 0 ? 0 : 1);
        Int128 last = size - ((Int128)part * (count - 1));
        if (c.Opset < 18 && last != part)
            throw c.Error($"cannot split axis {axis} of {x} into {count} equal parts");

        // Exporters leave such nodes in branches that never run.
        if (last < 0)
            return [.. Enumerable.Repeat(Dimension.Unknown, count)];
        return [.. Enumerable.Repeat((Dimension)part, count - 1), (long)last];
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

        if ((starts ?? axes).Length != axes.Length || (ends ?? axes).Length != axes.Length || (steps ?? axes).Length != axes.Length)
            throw c.Error($"slices {axes.Length} axes by {starts?.Length} starts, {ends?.Length} ends and {steps?.Length} steps");
        Dimension[] dimensions = [.. x];
        int[] normal = c.DistinctAxes(axes, x.Rank);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = normal[i];
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
            bool isWhole = (step == 1 && start == 0 && end >= ToTheEnd) || (step == -1 && start == -1 && end <= -ToTheEnd);
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
            c.Set(0, c.TypeOf(0), c.Broadcast(c.Required(0), c.Sizes(target, "the target size")));
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
        c.Set(0, c.TypeOf(0), new Shape(x.Select((d, i) => repeats is null ? Dimension.Unknown : c.Multiply(d, c.Size(repeats[i], "repeats"), $"a size of axis {i} of"))));
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
        bool isReflecting = c.Node.GetString("mode", "constant") == "reflect";
        Dimension[] dimensions = [.. x];
        int[] normal = c.DistinctAxes(axes, x.Rank);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = normal[i];
            Int128 begin = pads[i], end = pads[i + axes.Length], by = begin + end;
            if (x[axis].IsKnown)
            {
                long size = x[axis].Size;
                if (size + Int128.Min(begin, 0) + Int128.Min(end, 0) < 0)
                    throw c.Error($"pads axis {axis} of {x} by {begin} and {end}, which removes more than there is");
                if (isReflecting && (begin >= size || end >= size) && by > 0)
                    throw c.Error($"reflects axis {axis} of {x} for pads of {begin} and {end}, which needs more than there is");
                dimensions[axis] = c.Size(size + by, $"a size of axis {axis} of");
            }
            else
            {
                dimensions[axis] = by == 0 ? x[axis] : by > 0 ? SymbolicSize.Add(x[axis], c.Size(by, "pads")) : Dimension.Unknown;
            }
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }
}
