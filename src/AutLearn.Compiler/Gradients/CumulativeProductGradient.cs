using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradient of products of all elements up to each.</summary>
/// <remarks>
/// y_i = product of x_k, k &lt;= i. With p_j the product of those before j:  dx_j = p_j r_j,  r_j = dy_j + x_(j+1) r_(j+1), which needs no
/// division. Where y_i leaves out x_i, r_j = dy_(j+1) + x_(j+1) r_(j+1).
/// </remarks>
internal static class CumulativeProductGradient
{
    public static void Register(GradientRegistry rules) => rules.Add("CumProd", sinceOpset: 26, CumProd);

    private static Value?[] CumProd(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        if (g.Input(1).ConstantInts() is not [var given])
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (CumProd along an axis that is computed)"]);
        int rank = g.RankOf(x), axis = g.AxisOf(given, rank);
        bool isExclusive = g.Node.GetInt("exclusive", 0) != 0, isReverse = g.Node.GetInt("reverse", 0) != 0;
        Value before = g.Op("CumProd", [x, g.Input(1)], ("exclusive", AttributeValue.Of(1L)), ("reverse", AttributeValue.Of(isReverse ? 1L : 0L)));
        long[] swap = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        (swap[0], swap[axis]) = (swap[axis], swap[0]);
        Value steps = axis == 0 ? x : g.Builder.Transpose(x, swap), dSteps = axis == 0 ? dy : g.Builder.Transpose(dy, swap);
        dSteps.Type = steps.Type;

        var loop = new ScanLoop(g.Builder, "products");
        Value state = loop.State(g.ZerosLike(g.Op("Gather", [steps, g.Int(0)])));
        Value xt = loop.Sequence(steps), dyt = loop.Sequence(dSteps);
        GraphBuilder b = loop.Body;

        // The state is x r of the step before, or with what it adds.
        Value r = isExclusive ? b.Op("Identity", [state]) : b.Add(dyt, state);
        Value next = isExclusive ? b.Add(dyt, b.Mul(xt, state)) : b.Mul(xt, r);
        Value rest = loop.Run(!isReverse, [next], [r])[1];
        rest.Type = steps.Type;
        return [g.Mul(before, axis == 0 ? rest : g.Builder.Transpose(rest, swap)), null];
    }
}
