using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of normalisations.</summary>
/// <remarks>
/// All but the frozen batch normalisation share one formula. With h = (x - m) r, m = mean x, v = mean (x - m)^2, r = 1 / sqrt(v + epsilon),
/// and dh the gradient by h:  dx = r (dh - mean dh - h mean(dh h)).
/// </remarks>
internal static class NormalizationGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("LayerNormalization", sinceOpset: 17, LayerNormalization);
        rules.Add("InstanceNormalization", sinceOpset: 6, InstanceNormalization);
        rules.Add("GroupNormalization", sinceOpset: 18, GroupNormalizationByGroup);
        rules.Add("GroupNormalization", sinceOpset: 21, GroupNormalization);
        rules.Add("BatchNormalization", sinceOpset: 15, BatchNormalization);
    }

    // y = h scale + bias over the axes from `axis` on  =>  dscale = dy h, dbias = dy, summed by the driver
    private static Value?[] LayerNormalization(GradientContext g)
    {
        Value x = g.Finite(g.Input(0));
        int rank = g.RankOf(x);
        int axis = g.AxisOf(g.Node.GetInt("axis", -1), rank);
        Value axes = g.Ints([.. Enumerable.Range(axis, rank - axis).Select(i => (long)i)]);
        (Value centered, Value r) = LayerStatistics(g, x, axis, axes);
        Value h = g.Mul(centered, r);
        var result = new Value?[g.InputCount];
        Value? dx = null;
        if (g.OptionalOutputGradient(0) is { } dy)
        {
            if (g.NeedsGradient(0))
                dx = ThroughStatistics(g, g.Mul(dy, g.Input(1)), h, r, axes);
            if (g.NeedsGradient(1))
                result[1] = g.Mul(dy, h);
            if (g.NeedsGradient(2))
                result[2] = dy;
        }

        // m and r as outputs: dm / n and -r^2 h dr / n more for each x.
        Value shareOf = g.OptionalOutputGradient(1) is null && g.OptionalOutputGradient(2) is null ? x : InverseCount(g, x, r);
        if (g.OptionalOutputGradient(1) is { } dm)
            dx = Sum(g, dx, g.Mul(g.Builder.CastLike(dm, x), shareOf));
        if (g.OptionalOutputGradient(2) is { } dr)
            dx = Sum(g, dx, g.Mul(h, g.Neg(g.Mul(g.Mul(r, r), g.Mul(g.Builder.CastLike(dr, x), shareOf)))));
        result[0] = dx;
        return result;
    }

    // Float32 saves its statistics as extra outputs for free; ONNX Runtime has no kernel with these outputs for other types.
    private static (Value Centered, Value R) LayerStatistics(GradientContext g, Value x, int axis, Value axes)
    {
        bool canSave = x.ElementType == ElementType.Float32 && ReferenceEquals(x, g.Input(0))
            && (g.Node.Outputs.Count < 2 || g.Node.Output(1) is not null)
            && (g.Node.Outputs.Count < 3 || g.Node.Output(2) is not null);
        if (!canSave)
            return Statistics(g, x, axes, g.Node.GetFloat("epsilon", 1e-5f));
        var reduced = new TensorType(ElementType.Float32, new Shape(x.Shape!.Select((d, i) => i < axis ? d : Dimension.Of(1))));
        return (g.Sub(x, g.RequireOutput(1, reduced)), g.RequireOutput(2, reduced));
    }

    // y = h scale + bias, normalised over the spatial axes of each channel
    private static Value?[] InstanceNormalization(GradientContext g)
    {
        Value x = g.Finite(g.Input(0)), dy = g.OutputGradient(0);
        int rank = g.RankOf(x);
        Value axes = g.Ints([.. Enumerable.Range(2, rank - 2).Select(i => (long)i)]);
        (Value centered, Value r) = Statistics(g, x, axes, g.Node.GetFloat("epsilon", 1e-5f));
        Value h = g.Mul(centered, r);
        return
        [
            g.NeedsGradient(0) ? ThroughStatistics(g, g.Mul(dy, AlongChannels(g, g.Input(1), rank)), h, r, axes) : null,
            g.NeedsGradient(1) ? SumOverChannels(g, g.Mul(dy, h), rank) : null,
            g.NeedsGradient(2) ? SumOverChannels(g, dy, rank) : null,
        ];
    }

    // y = h scale + bias, normalised over groups of channels; scale and bias per channel
    private static Value?[] GroupNormalization(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        int rank = g.RankOf(x);
        (Value h, Value r) = GroupStatistics(g);
        Value hx = g.ReshapeLike(h, x);
        Value? dx = null;
        if (g.NeedsGradient(0))
            dx = g.ReshapeLike(ThroughStatistics(g, Grouped(g, g.Mul(dy, AlongChannels(g, g.Input(1), rank))), h, r, g.Ints(2)), x);
        return
        [
            dx,
            g.NeedsGradient(1) ? SumOverChannels(g, g.Mul(dy, hx), rank) : null,
            g.NeedsGradient(2) ? SumOverChannels(g, dy, rank) : null,
        ];
    }

    // As above; before opset 21 scale and bias are per group
    private static Value?[] GroupNormalizationByGroup(GradientContext g)
    {
        Value dy = Grouped(g, g.OutputGradient(0));
        (Value h, Value r) = GroupStatistics(g);
        return
        [
            g.NeedsGradient(0) ? g.ReshapeLike(ThroughStatistics(g, g.Mul(dy, AlongChannels(g, g.Input(1), 3)), h, r, g.Ints(2)), g.Input(0)) : null,
            g.NeedsGradient(1) ? g.Builder.ReduceSum(g.Mul(dy, h), 0, 2) : null,
            g.NeedsGradient(2) ? g.Builder.ReduceSum(dy, 0, 2) : null,
        ];
    }

    private static (Value H, Value R) GroupStatistics(GradientContext g)
    {
        (Value centered, Value r) = Statistics(g, Grouped(g, g.Finite(g.Input(0))), g.Ints(2), g.Node.GetFloat("epsilon", 1e-5f));
        return (g.Mul(centered, r), r);
    }

    // [N, G, C / G * spatial]
    private static Value Grouped(GradientContext g, Value x) => g.Reshape(x, 0, g.Node.GetInt("num_groups", 1), -1);

    private static Value?[] BatchNormalization(GradientContext g) =>
        g.Node.GetInt("training_mode", 0) == 0 ? FrozenBatchNormalization(g) : TrainingBatchNormalization.Gradient(g);

    // y = (x - m) r scale + bias with given m and v, r = 1 / sqrt(v + epsilon)
    // =>  dx = dy scale r, dscale = r sum dy (x - m), dbias = sum dy, dm = -scale r dbias, dv = -1/2 scale r^2 dscale
    private static Value?[] FrozenBatchNormalization(GradientContext g)
    {
        Value x = g.Finite(g.Input(0)), scale = g.Input(1), dy = g.OutputGradient(0);
        int rank = g.RankOf(x);
        Value r = Reciprocal(g, g.Input(4), g.Node.GetFloat("epsilon", 1e-5f));
        Value slope = g.Mul(scale, r);
        Value? dx = g.NeedsGradient(0) ? g.Mul(dy, AlongChannels(g, slope, rank)) : null;
        Value? dScale = null, dBias = null;
        if (g.NeedsGradient(1) || g.NeedsGradient(4))
            dScale = g.Mul(r, SumOverChannels(g, g.Mul(dy, g.Sub(x, AlongChannels(g, g.Input(3), rank))), rank));
        if (g.NeedsGradient(2) || g.NeedsGradient(3))
            dBias = SumOverChannels(g, dy, rank);
        return
        [
            dx,
            dScale,
            dBias,
            g.NeedsGradient(3) ? g.Neg(g.Mul(slope, dBias!)) : null,
            g.NeedsGradient(4) ? g.Mul(g.Mul(g.Mul(slope, r), dScale!), -0.5) : null,
        ];
    }

    public static (Value Centered, Value R) Statistics(GradientContext g, Value x, Value axes, float epsilon)
    {
        Value centered = g.Sub(x, Mean(g, x, axes));
        return (centered, Reciprocal(g, Mean(g, g.Mul(centered, centered), axes), epsilon));
    }

    public static Value ThroughStatistics(GradientContext g, Value dh, Value h, Value r, Value axes) =>
        g.Mul(r, g.Sub(g.Sub(dh, Mean(g, dh, axes)), g.Mul(h, Mean(g, g.Mul(dh, h), axes))));

    // 1 / sqrt(v + epsilon)
    public static Value Reciprocal(GradientContext g, Value variance, float epsilon) =>
        g.Div(g.One(variance), g.Builder.Sqrt(g.Add(variance, g.Scalar(variance, epsilon))));

    public static Value Mean(GradientContext g, Value x, Value axes) =>
        g.Op("ReduceMean", [x, axes], ("keepdims", AttributeValue.Of(1L)), ("noop_with_empty_axes", AttributeValue.Of(1L)));

    // 1 / n, n being how many elements of x share one element of the statistics
    public static Value InverseCount(GradientContext g, Value x, Value statistics) =>
        x.Shape is { } all && statistics.Shape is { } kept && CountPerElement(all, kept) is { } count
            ? g.Scalar(x, 1.0 / Math.Max(1, count))
            : g.Div(g.Builder.CastLike(g.Op("Size", [statistics]), x), g.Builder.CastLike(g.Op("Size", [x]), x));

    // Symbolic sizes, such as the batch, that both have cancel each other.
    private static long? CountPerElement(Shape all, Shape kept)
    {
        List<string?> symbols = [.. all.Where(d => !d.IsKnown).Select(d => d.Symbol)];
        foreach (Dimension dimension in kept)
        {
            if (!dimension.IsKnown && (dimension.Symbol is null || !symbols.Remove(dimension.Symbol)))
                return null;
        }

        long some = Product(all), each = Product(kept);
        return symbols.Count == 0 && each > 0 ? some / each : null;

        static long Product(Shape shape) => shape.Aggregate(1L, (a, d) => d.IsKnown ? checked(a * d.Size) : a);
    }

    private static Value Sum(GradientContext g, Value? a, Value b) => a is null ? b : g.Add(a, b);

    public static Value AlongChannels(GradientContext g, Value perChannel, int rank) =>
        rank <= 2 ? perChannel : g.Reshape(perChannel, [-1, .. Enumerable.Repeat(1L, rank - 2)]);

    public static Value SumOverChannels(GradientContext g, Value x, int rank) => g.Builder.ReduceSum(x, AllButChannels(rank));

    public static long[] AllButChannels(int rank) => [.. Enumerable.Range(0, rank).Where(i => i != 1).Select(i => (long)i)];
}
