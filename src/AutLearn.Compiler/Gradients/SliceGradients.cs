using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of operators that cut out or surround a block: Slice and Pad.</summary>
internal static class SliceGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Slice", sinceOpset: 10, Slice);
        rules.Add("Pad", sinceOpset: 11, Pad);
    }

    // y = x[starts : ends : steps]  =>  dx[starts : ends : steps] = dy, zero elsewhere
    private static Value?[] Slice(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        result[0] = HasUnitSteps(g) && Axes(g) is { } axes ? SurroundByZeros(g, axes) : ScatterSlice(g);
        return result;
    }

    private static bool HasUnitSteps(GradientContext g) =>
        g.OptionalInput(4) is not { } steps || steps.ConstantInts() is { } values && Array.TrueForAll(values, s => s == 1);

    private static long[]? Axes(GradientContext g)
    {
        int rank = g.RankOf(g.Input(0));
        long[]? axes = g.OptionalInput(3) is { } given
            ? given.ConstantInts()
            : g.Input(1).Shape?.ElementCount() is { } count ? [.. Enumerable.Range(0, (int)count).Select(i => (long)i)] : null;
        return axes is null ? null : [.. axes.Select(a => (long)g.AxisOf(a, rank))];
    }

    // Contiguous: pad by start in front and by size(x) - start - size(y) behind.
    private static Value SurroundByZeros(GradientContext g, long[] axes)
    {
        Value x = g.Input(0);
        Value pads = ConstantPads(g, axes) is { } known ? g.Ints(known) : ComputedPads(g, axes);
        Value dx = g.Op("Pad", [g.OutputGradient(0), pads, null, g.Ints(axes)]);
        dx.Type = x.Type;
        return dx;
    }

    private static long[]? ConstantPads(GradientContext g, long[] axes)
    {
        Shape x = g.Input(0).Shape!;
        if (g.Input(1).ConstantInts() is not { } starts || g.Input(2).ConstantInts() is not { } ends)
            return null;
        long[] pads = new long[2 * axes.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            if (!x[(int)axes[i]].IsKnown)
                return null;
            long size = x[(int)axes[i]].Size;
            long start = Clamp(starts[i], size);
            pads[i] = start;
            pads[axes.Length + i] = size - Math.Max(start, Clamp(ends[i], size));
        }

        return pads;
    }

    private static long Clamp(long bound, long size) => Math.Clamp(bound < 0 ? bound + size : bound, 0, size);

    private static Value ComputedPads(GradientContext g, long[] axes)
    {
        Value all = g.Ints(axes);
        Value sizes = g.Op("Gather", [g.Op("Shape", [g.Input(0)]), all]);
        Value kept = g.Op("Gather", [g.Op("Shape", [g.Output(0)]), all]);
        Value starts;
        if (g.Input(1).ConstantInts() is { } constants && Array.TrueForAll(constants, s => s == 0))
        {
            starts = g.Ints(constants);
        }
        else
        {
            Value given = g.Builder.Cast(g.Input(1), ElementType.Int64);
            Value wrapped = g.Where(g.Builder.Less(given, g.Int(0)), g.Add(given, sizes), given);
            starts = g.Op("Min", [g.Op("Max", [wrapped, g.Int(0)]), sizes]);
        }

        return g.Builder.Concat(0, starts, g.Sub(g.Sub(sizes, starts), kept));
    }

    // Any steps: a map of positions in x, sliced like x, says where each dy goes.
    private static Value ScatterSlice(GradientContext g)
    {
        Value map = g.Op("Slice", [g.PositionsIn(g.Input(0)), g.Input(1), g.Input(2), g.OptionalInput(3), g.OptionalInput(4)]);
        return g.ScatterByPosition(map, g.OutputGradient(0), g.Input(0));
    }

    // y = x surrounded by a constant v  =>  dx = dy with negative pads, dv = sum dy - sum dx.
    // Other modes repeat elements of x: a map of positions in x, padded like x, says where each dy is added.
    private static Value?[] Pad(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        Value x = g.Input(0), dy = g.OutputGradient(0), pads = g.Input(1);
        string mode = g.Node.GetString("mode", "constant");
        if (mode != "constant")
        {
            Value map = g.Op("Pad", [g.PositionsIn(x), pads, null, g.OptionalInput(3)], ("mode", AttributeValue.Of(mode)));
            result[0] = g.ScatterByPosition(map, dy, x);
            return result;
        }

        Value inverse = pads.ConstantInts() is { } known ? g.Ints([.. known.Select(p => -p)]) : g.Neg(pads);
        Value dx = g.Op("Pad", [dy, inverse, null, g.OptionalInput(3)]);
        dx.Type = x.Type;
        result[0] = dx;
        if (g.OptionalInput(2) is not null && g.NeedsGradient(2))
            result[2] = g.Sub(SumAll(g, dy), SumAll(g, dx));
        return result;
    }

    private static Value SumAll(GradientContext g, Value value) => g.Op("ReduceSum", [value], ("keepdims", AttributeValue.Of(0L)));
}
