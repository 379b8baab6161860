using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>The gradient of batch normalisation by the batch's own statistics.</summary>
/// <remarks>
/// y = c r scale + bias with c = x - m and r = 1 / sqrt(v + epsilon). With s = sum dy c:  dscale = r s, dbias = sum dy,
/// dx = scale r (dy - (c r^2 s + dbias) / n).  What is subtracted from dy is itself a batch normalisation with given statistics, which
/// takes one pass. A running statistic r' = momentum r + (1 - momentum) s passes its gradient on in the same shares.
/// </remarks>
internal static class TrainingBatchNormalization
{
    // Shorter rows are summed together with the others of their channel.
    private const long ShortestRow = 64;

    public static Value?[] Gradient(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        for (int i = 0; i < 2; i++)
        {
            if (g.NeedsGradient(3 + i) && g.OptionalOutputGradient(1 + i) is { } dRunning)
                result[3 + i] = g.Mul(dRunning, g.Node.GetFloat("momentum", 0.9f));
        }

        bool needsX = g.NeedsGradient(0), isRunning = g.OptionalOutputGradient(1) is not null || g.OptionalOutputGradient(2) is not null;
        Value? dy = g.OptionalOutputGradient(0);
        if (dy is null && !(isRunning && needsX))
            return result;
        int rank = g.RankOf(g.Input(0));
        float epsilon = g.Node.GetFloat("epsilon", 1e-5f);
        Statistics batch = IsByRows(g) ? ReplaceForward(g, epsilon) : StatisticsOf(g, rank);
        if (dy is not null)
        {
            Value r = NormalizationGradients.Reciprocal(g, batch.Variance, epsilon);
            Value dScale = g.Mul(r, Sum(g, g.Mul(dy, batch.Centered), batch.IsByRows));
            Value dBias = Sum(g, dy, batch.IsByRows);
            result[1] = dScale;
            result[2] = dBias;
            if (needsX)
            {
                Value share = NormalizationGradients.InverseCount(g, dy, r);
                Value removed = Normalize(g, batch.X, g.Mul(dScale, share), g.Mul(dBias, share), batch.Mean, batch.Variance, epsilon);
                result[0] = g.Mul(g.Sub(dy, removed), NormalizationGradients.AlongChannels(g, g.Mul(g.Input(1), r), rank));
            }
        }

        if (isRunning && needsX)
            result[0] = result[0] is { } dx ? g.Add(dx, ThroughRunning(g, batch, rank)) : ThroughRunning(g, batch, rank);
        return result;
    }

    // m = sum x / n and v = sum c^2 / n  =>  dx = (1 - momentum) (dm + 2 c dv) / n
    private static Value ThroughRunning(GradientContext g, Statistics batch, int rank)
    {
        Value share = g.Mul(NormalizationGradients.InverseCount(g, batch.Centered, batch.Variance), 1 - g.Node.GetFloat("momentum", 0.9f));
        Value? mean = g.OptionalOutputGradient(1) is { } dm ? NormalizationGradients.AlongChannels(g, g.Mul(dm, share), rank) : null;
        Value? variance = g.OptionalOutputGradient(2) is { } dv
            ? g.Mul(batch.Centered, NormalizationGradients.AlongChannels(g, g.Mul(g.Mul(dv, share), 2), rank))
            : null;
        if (variance is null)
            return g.Builder.Expand(mean!, g.ShapeOf(g.Input(0)));
        return mean is null ? variance : g.Add(variance, mean);
    }

    private static bool SavesBatchStatistics(GradientContext g) =>
        g.Node.GetFloat("momentum", 0.9f) == 0 && g.Node.Output(1) is not null && g.Node.Output(2) is not null;

    // [1, C, rows, columns], as the channel-major layout has it
    private static bool IsByRows(GradientContext g) =>
        SavesBatchStatistics(g) && g.Input(0).Shape is { Rank: 4 } shape && shape[0].Is(1) && shape[1].IsKnown && shape[3].IsKnown;

    // [C] each. With momentum 0 the node's running outputs are those of the batch.
    private static Statistics StatisticsOf(GradientContext g, int rank)
    {
        Value x = g.Input(0), axes = g.Ints(NormalizationGradients.AllButChannels(rank));
        if (SavesBatchStatistics(g))
        {
            Value savedMean = g.Output(1), savedVariance = g.Output(2);
            return new(x, savedMean, g.Sub(x, NormalizationGradients.AlongChannels(g, savedMean, rank)), savedVariance, false);
        }

        Value mean = NormalizationGradients.Mean(g, x, axes);
        Value centered = g.Sub(x, mean);
        Value variance = NormalizationGradients.Mean(g, g.Mul(centered, centered), axes);
        return new(x, g.Reshape(mean, -1), centered, g.Reshape(variance, -1), false);
    }

    // ONNX Runtime's operator sums a channel's elements in one go, which costs a digit of the mean, and on one thread. Sums of rows and then
    // of their results are better and run on all, and c serves the gradient as well.
    private static Statistics ReplaceForward(GradientContext g, float epsilon)
    {
        Value x = g.Input(0);
        Value count = g.Div(g.Builder.CastLike(g.Op("Size", [x]), x), g.Scalar(x, x.Shape![1].Size));
        Value mean = g.Div(Sum(g, x, true), count);
        Value centered = g.Sub(x, NormalizationGradients.AlongChannels(g, mean, 4));
        centered.Type = x.Type;
        Value variance = g.Div(Sum(g, g.Mul(centered, centered), true), count);
        Value zero = g.Mul(variance, 0);
        Value y = Normalize(g, centered, g.Input(1), g.Input(2), zero, variance, epsilon);
        g.ReplaceForward([y, mean, variance]);
        return new(centered, zero, centered, variance, true);
    }

    private static Value Normalize(GradientContext g, Value x, Value scale, Value bias, Value mean, Value variance, float epsilon)
    {
        Value y = g.Op("BatchNormalization", [x, scale, bias, mean, variance], ("epsilon", AttributeValue.Of(epsilon)));
        y.Type = x.Type;
        return y;
    }

    // [C]
    private static Value Sum(GradientContext g, Value x, bool isByRows)
    {
        if (!isByRows)
            return NormalizationGradients.SumOverChannels(g, x, g.RankOf(x));
        return x.Shape![3].Size < ShortestRow ? g.Builder.ReduceSum(x, 0, 2, 3) : g.Builder.ReduceSum(g.Builder.ReduceSum(x, 3), 0, 2);
    }

    /// <summary>The batch's statistics; X with Mean is what Centered is.</summary>
    private sealed record Statistics(Value X, Value Mean, Value Centered, Value Variance, bool IsByRows);
}
