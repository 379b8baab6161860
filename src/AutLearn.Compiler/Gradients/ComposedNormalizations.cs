using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Normalisations that are taken apart into sums, products and powers.</summary>
internal static class ComposedNormalizations
{
    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("LRN", sinceOpset: 13, LocalResponse);
        rules.AddComposed("LpNormalization", sinceOpset: 1, ByNorm);
        rules.AddComposed("MeanVarianceNormalization", sinceOpset: 13, MeanVariance);
        rules.AddComposed("RMSNormalization", sinceOpset: 23, RootMeanSquare);
    }

    // y = x (bias + alpha mean x^2)^-beta, the mean over `size` channels around each, as one pooling along the channels
    private static Value?[] LocalResponse(GradientContext g)
    {
        Value x = g.Input(0);
        long size = g.Node.GetInt("size", 1);
        Value images = g.Builder.Reshape(g.Mul(x, x), g.JoinSizes(g.Ints(0, 1), g.Builder.SizeOf(x, 1), g.Ints(-1)));
        Value mean = g.Op(
            "AveragePool",
            [images],
            ("kernel_shape", AttributeValue.Of(size, 1L)),
            ("pads", AttributeValue.Of((size - 1) / 2, 0L, size / 2, 0L)),
            ("count_include_pad", AttributeValue.Of(1L)));
        Value scale = g.Add(g.Mul(g.ReshapeLike(mean, x), g.Node.GetFloat("alpha", 1e-4f)), g.Scalar(x, g.Node.GetFloat("bias", 1f)));
        return [g.Mul(x, g.Op("Pow", [scale, g.Scalar(x, -g.Node.GetFloat("beta", 0.75f))]))];
    }

    // y = x / |x|_p along one axis; 0 where the norm is 0
    private static Value?[] ByNorm(GradientContext g)
    {
        Value x = g.Input(0);
        string norm = g.Node.GetInt("p", 2) == 1 ? "ReduceL1" : "ReduceL2";
        Value length = g.Op(norm, [x, g.Ints(g.Node.GetInt("axis", -1))], ("keepdims", AttributeValue.Of(1L)));
        Value divisor = g.Where(g.Builder.Equal(length, g.Zero(x)), g.One(x), length);
        return [g.Div(x, divisor)];
    }

    // y = c / (s + 1e-9) with c = x - mean x and s = |c|_2 / sqrt(n), whose slope is 0 where c is
    private static Value?[] MeanVariance(GradientContext g)
    {
        Value x = g.Input(0);
        Value axes = g.Ints(g.Node.GetInts("axes") is { } given ? given.AsSpan() : [0, 2, 3]);
        Value centered = g.Sub(x, NormalizationGradients.Mean(g, x, axes));
        Value length = g.Op("ReduceL2", [centered, axes], ("keepdims", AttributeValue.Of(1L)));
        Value share = g.Builder.Sqrt(NormalizationGradients.InverseCount(g, x, length));
        return [g.Div(centered, g.Add(g.Mul(length, share), g.Scalar(x, 1e-9)))];
    }

    // y = x r scale with r = 1 / sqrt(mean x^2 + epsilon) over the axes from `axis` on
    private static Value?[] RootMeanSquare(GradientContext g)
    {
        Value x = g.Input(0);
        int rank = g.RankOf(x), axis = g.AxisOf(g.Node.GetInt("axis", -1), rank);
        Value axes = g.Ints([.. Enumerable.Range(axis, rank - axis).Select(i => (long)i)]);
        return [Scaled(g, x, axes, g.Node.GetFloat("epsilon", 1e-5f), g.Input(1)).Y];
    }

    /// <summary>y = x r scale with r = 1 / sqrt(mean x^2 + epsilon); half precision is widened for r.</summary>
    public static (Value Y, Value R) Scaled(GradientContext g, Value x, Value axes, float epsilon, Value scale)
    {
        Value wide = g.Builder.Widened(x);
        Value r = NormalizationGradients.Reciprocal(g, NormalizationGradients.Mean(g, g.Mul(wide, wide), axes), epsilon);
        Value normal = g.Builder.CastLike(g.Mul(wide, r), scale);
        return (g.Mul(normal, scale), r);
    }
}
