using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of matrix products.</summary>
internal static class MatrixGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Gemm", sinceOpset: 11, Gemm);
        rules.Add("MatMul", sinceOpset: 9, MatMul);
    }

    // Y = alpha A' B' + beta C, A' = A or A^T, B' = B or B^T
    // =>  dA' = alpha dY B'^T, dB' = alpha A'^T dY, dC = beta dY; where A' = A^T the transpose of dA' is the product in the other order
    private static Value?[] Gemm(GradientContext g)
    {
        Value a = g.Finite(g.Input(0)), b = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        float alpha = g.Node.GetFloat("alpha", 1f);
        bool aTransposed = g.Node.GetInt("transA", 0) != 0, bTransposed = g.Node.GetInt("transB", 0) != 0;
        var result = new Value?[g.InputCount];
        if (g.NeedsGradient(0))
            result[0] = aTransposed ? Product(g, b, bTransposed, dy, true, alpha) : Product(g, dy, false, b, !bTransposed, alpha);
        if (g.NeedsGradient(1))
            result[1] = bTransposed ? Product(g, dy, true, a, aTransposed, alpha) : Product(g, a, !aTransposed, dy, false, alpha);
        if (g.NeedsGradient(2))
        {
            float beta = g.Node.GetFloat("beta", 1f);
            result[2] = beta == 1f ? dy : g.Mul(dy, beta);
        }

        return result;
    }

    // Y = A B  =>  dA = dY B^T, dB = A^T dY, over broadcast leading axes, which the driver sums;
    // a vector is a row on the left and a column on the right
    private static Value?[] MatMul(GradientContext g)
    {
        Value a = g.Finite(g.Input(0)), b = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        int aRank = g.RankOf(a), bRank = g.RankOf(b);
        if (aRank == 2 && bRank == 2)
        {
            return
            [
                g.NeedsGradient(0) ? Product(g, dy, false, b, true, 1f) : null,
                g.NeedsGradient(1) ? Product(g, a, true, dy, false, 1f) : null,
            ];
        }

        if (aRank == 1)
            return VectorOnTheLeft(g, bRank);
        if (bRank == 1)
            return VectorOnTheRight(g, aRank);
        if (bRank > 2)
        {
            return
            [
                g.NeedsGradient(0) ? g.MatMul(dy, SwapLastAxes(g, b, bRank)) : null,
                g.NeedsGradient(1) ? g.MatMul(SwapLastAxes(g, a, aRank), dy) : null,
            ];
        }

        // One product over all rows instead of one per leading index and their sum; the weights need not be transposed for it.
        Value dyRows = g.Builder.Reshape(dy, g.JoinSizes(g.Ints(-1), g.Builder.SizeOf(b, 1)));
        Value? da = g.NeedsGradient(0) ? g.ReshapeLike(Product(g, dyRows, false, b, true, 1f), a) : null;
        if (!g.NeedsGradient(1))
            return [da, null];
        Value rows = g.Builder.Reshape(a, g.JoinSizes(g.Ints(-1), g.Builder.SizeOf(b, 0)));
        Value db = Product(g, rows, true, dyRows, false, 1f);
        db.Type = b.Type;
        return [da, db];
    }

    private static Value?[] VectorOnTheLeft(GradientContext g, int bRank)
    {
        Value a = g.Finite(g.Input(0)), b = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        if (bRank == 1)
            return [g.NeedsGradient(0) ? g.Mul(dy, b) : null, g.NeedsGradient(1) ? g.Mul(dy, a) : null];
        Value row = g.Op("Unsqueeze", [dy, g.Ints(-2)]);
        return
        [
            g.NeedsGradient(0) ? g.Op("Squeeze", [g.MatMul(row, SwapLastAxes(g, b, bRank)), g.Ints(-2)]) : null,
            g.NeedsGradient(1) ? g.Mul(g.Op("Unsqueeze", [a, g.Ints(-1)]), row) : null,
        ];
    }

    private static Value?[] VectorOnTheRight(GradientContext g, int aRank)
    {
        Value a = g.Finite(g.Input(0)), b = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        Value column = g.Op("Unsqueeze", [dy, g.Ints(-1)]);
        return
        [
            g.NeedsGradient(0) ? g.Mul(column, b) : null,
            g.NeedsGradient(1) ? g.Op("Squeeze", [g.MatMul(SwapLastAxes(g, a, aRank), column), g.Ints(-1)]) : null,
        ];
    }

    private static Value SwapLastAxes(GradientContext g, Value x, int rank)
    {
        long[] permutation = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        (permutation[^2], permutation[^1]) = (permutation[^1], permutation[^2]);
        return g.Builder.Transpose(x, permutation);
    }

    private static Value Product(GradientContext g, Value a, bool aTransposed, Value b, bool bTransposed, float alpha) => g.Op(
        "Gemm",
        [a, b],
        ("alpha", AttributeValue.Of(alpha)),
        ("transA", AttributeValue.Of(aTransposed ? 1L : 0L)),
        ("transB", AttributeValue.Of(bTransposed ? 1L : 0L)));
}
