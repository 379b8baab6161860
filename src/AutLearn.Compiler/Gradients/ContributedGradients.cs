using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of ONNX Runtime's own operators that exported transformers hold.</summary>
internal static class ContributedGradients
{
    private const string Domain = "com.microsoft";

    public static void Register(GradientRegistry rules)
    {
        rules.Add("FusedMatMul", sinceOpset: 1, FusedMatMul, Domain);
        rules.AddElementwise("Gelu", sinceOpset: 1, Gelu, domain: Domain);
        rules.AddElementwise("FastGelu", sinceOpset: 1, FastGelu, domain: Domain);
        rules.AddElementwise("BiasGelu", sinceOpset: 1, BiasGelu, domain: Domain);
        rules.AddElementwise("QuickGelu", sinceOpset: 1, g => [ActivationGradients.Swish(g, g.Node.GetFloat("alpha", 1.702f))], domain: Domain);
        rules.Add("SkipLayerNormalization", sinceOpset: 1, SkipLayerNormalization, Domain);
    }

    // Y = alpha A' B', A' = A or A^T in the last axes  =>  dA' = alpha dY B'^T, dB' = alpha A'^T dY
    private static Value?[] FusedMatMul(GradientContext g)
    {
        Value a = g.Finite(g.Input(0)), b = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        int aRank = g.RankOf(a), bRank = g.RankOf(b);
        if (g.Node.GetInt("transBatchA", 0) != 0 || g.Node.GetInt("transBatchB", 0) != 0)
            return g.TakeApart(BatchBehind);
        if (aRank < 2 || bRank < 2)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (FusedMatMul of a vector)"]);
        bool aTransposed = g.Node.GetInt("transA", 0) != 0, bTransposed = g.Node.GetInt("transB", 0) != 0;
        float alpha = g.Node.GetFloat("alpha", 1f);
        Value scaled = alpha == 1f ? dy : g.Mul(dy, alpha);
        Value? da = null, db = null;
        if (g.NeedsGradient(0))
        {
            // The transpose of dA' is the product in the other order.
            da = aTransposed
                ? g.MatMul(bTransposed ? SwapLastAxes(g, b, bRank) : b, SwapLastAxes(g, scaled, g.RankOf(scaled)))
                : g.MatMul(scaled, bTransposed ? b : SwapLastAxes(g, b, bRank));
        }

        if (!g.NeedsGradient(1))
            return [da, null];
        if (bRank == 2)
        {
            // One product over all rows instead of one per leading index and their sum.
            Value rows = Rows(g, aTransposed ? SwapLastAxes(g, a, aRank) : a, b, bTransposed ? 1 : 0);
            Value dyRows = Rows(g, scaled, b, bTransposed ? 0 : 1);
            db = g.Op("Gemm", bTransposed ? [dyRows, rows] : [rows, dyRows], ("transA", AttributeValue.Of(1L)));
        }
        else
        {
            db = bTransposed
                ? g.MatMul(SwapLastAxes(g, scaled, g.RankOf(scaled)), aTransposed ? SwapLastAxes(g, a, aRank) : a)
                : g.MatMul(aTransposed ? a : SwapLastAxes(g, a, aRank), scaled);
        }

        return [da, db];
    }

    // With the batch behind the first axis of a matrix, that axis goes to its place first.
    private static Value?[] BatchBehind(GradientContext g)
    {
        Value a = InPlace(g, g.Input(0), "transBatchA", "transA"), b = InPlace(g, g.Input(1), "transBatchB", "transB");
        float alpha = g.Node.GetFloat("alpha", 1f);
        Value y = g.MatMul(a, b);
        return [alpha == 1f ? y : g.Mul(y, alpha)];
    }

    private static Value InPlace(GradientContext g, Value x, string movesBatch, string swaps)
    {
        int rank = g.RankOf(x);
        List<long> order = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        if (g.Node.GetInt(movesBatch, 0) != 0 && rank > 2)
        {
            order.RemoveAt(0);
            order.Insert(rank - 2, 0);
        }

        if (g.Node.GetInt(swaps, 0) != 0 && rank > 1)
            (order[^2], order[^1]) = (order[^1], order[^2]);
        return g.Builder.Transpose(x, [.. order]);
    }

    private static Value?[] Gelu(GradientContext g) => [ActivationGradients.GeluByErf(g, g.Input(0))];

    // y = gelu(x + b) by tanh; the bias may be left out. The driver sums over what the bias is repeated along.
    private static Value?[] FastGelu(GradientContext g)
    {
        Value? bias = g.OptionalInput(1);
        Value dx = ActivationGradients.GeluByTanh(g, bias is null ? g.Input(0) : g.Add(g.Input(0), bias));
        return g.InputCount == 1 ? [dx] : [dx, dx];
    }

    // y = gelu(x + b) by erf
    private static Value?[] BiasGelu(GradientContext g)
    {
        Value dx = ActivationGradients.GeluByErf(g, g.Add(g.Input(0), g.Input(1)));
        return [dx, dx];
    }

    // s = input + skip + bias, y = h gamma + beta with h = s normalised over the last axis  =>  dgamma = dy h, dbeta = dy; s is output 3
    private static Value?[] SkipLayerNormalization(GradientContext g)
    {
        if (g.OptionalOutputGradient(1) is not null || g.OptionalOutputGradient(2) is not null)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (SkipLayerNormalization whose saved statistics are used)"]);
        var result = new Value?[g.InputCount];
        Value? ds = g.OptionalOutputGradient(3);
        if (g.OptionalOutputGradient(0) is { } dy)
        {
            Value s = g.Finite(g.Node.Output(3) ?? g.Add(g.Input(0), g.Input(1)), of: g.Output(0));
            if (g.Node.Output(3) is null && g.OptionalInput(4) is { } bias)
                s = g.Add(s, bias);
            Value axes = g.Ints(-1);
            (Value centered, Value r) = NormalizationGradients.Statistics(g, s, axes, g.Node.GetFloat("epsilon", 1e-12f));
            Value h = g.Mul(centered, r);
            if (g.NeedsGradient(0) || g.NeedsGradient(1) || g.NeedsGradient(4))
            {
                Value through = NormalizationGradients.ThroughStatistics(g, g.Mul(dy, g.Input(2)), h, r, axes);
                ds = ds is null ? through : g.Add(ds, through);
            }

            if (g.NeedsGradient(2))
                result[2] = g.Mul(dy, h);
            if (g.NeedsGradient(3))
                result[3] = dy;
        }

        (result[0], result[1]) = (ds, ds);
        if (g.NeedsGradient(4))
            result[4] = ds;
        return result;
    }

    private static Value Rows(GradientContext g, Value x, Value b, int axisOfB) =>
        g.Builder.Reshape(x, g.JoinSizes(g.Ints(-1), g.Builder.SizeOf(b, axisOfB)));

    private static Value SwapLastAxes(GradientContext g, Value x, int rank)
    {
        long[] permutation = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        (permutation[^2], permutation[^1]) = (permutation[^1], permutation[^2]);
        return g.Builder.Transpose(x, permutation);
    }
}
