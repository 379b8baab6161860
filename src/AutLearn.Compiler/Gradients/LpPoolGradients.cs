using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of pooling by p-norms.</summary>
/// <remarks>
/// y = (sum over the window of |x|^p)^(1/p)  =>  dx = sign(x) |x|^(p-1) times the sum over the windows of dy y^(1-p); 0 where y = 0, as
/// libtorch has it for the norm.
/// </remarks>
internal static class LpPoolGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("GlobalLpPool", sinceOpset: 2, GlobalLpPool);
        rules.Add("LpPool", sinceOpset: 11, LpPool);
    }

    private static Value?[] GlobalLpPool(GradientContext g)
    {
        Value dx = g.Mul(InnerSlope(g), OuterSlope(g));
        dx.Type = g.Input(0).Type;
        return [dx];
    }

    private static Value?[] LpPool(GradientContext g)
    {
        Value x = g.Input(0);
        long[] kernel = [.. g.Node.GetInts("kernel_shape") ?? throw new InvalidModelException($"Node '{g.Node.DisplayName}' (LpPool) lacks kernel_shape.") { NodeName = g.Node.DisplayName }];
        SlidingWindow window = SlidingWindow.TryOf(g, x, kernel)
            ?? throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (LpPool with auto_pad and a stride over spatial sizes that are not known)"]);

        // Channels are alike, so each is a sample of its own under one kernel of ones.
        Value perChannel = PoolingGradients.AsSamples(g, OuterSlope(g));
        Value spread = window.Transposed(g, perChannel, PoolingGradients.Ones(g, x, [1, 1, .. kernel]), x, group: 1);
        return [g.Mul(InnerSlope(g), g.ReshapeLike(spread, x))];
    }

    private static long Exponent(GradientContext g) => g.Node.GetInt("p", 2);

    // sign(x) |x|^(p-1)
    private static Value InnerSlope(GradientContext g)
    {
        Value x = g.Finite(g.Input(0));
        return Exponent(g) switch
        {
            1 => g.Op("Sign", [x]),
            2 => x,
            long p => g.Mul(g.Op("Sign", [x]), g.Op("Pow", [g.Op("Abs", [x]), g.Scalar(x, p - 1)])),
        };
    }

    // dy y^(1-p)
    private static Value OuterSlope(GradientContext g)
    {
        Value y = g.Finite(g.Output(0)), dy = g.OutputGradient(0);
        dy.Type ??= g.Output(0).Type;
        if (Exponent(g) == 1)
            return dy;
        Value isZero = g.Builder.Equal(y, g.Zero(y));
        Value divisor = g.Where(isZero, g.One(y), y);
        if (Exponent(g) != 2)
            divisor = g.Op("Pow", [divisor, g.Scalar(y, Exponent(g) - 1)]);
        Value slope = g.Where(isZero, g.Zero(y), g.Div(dy, divisor));
        slope.Type = g.Output(0).Type;
        return slope;
    }
}
