using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of elementwise arithmetic. Broadcasting is undone by the driver.</summary>
/// <remarks>Slopes that are infinite (at the root of 0, a quotient by 0) are given as such, and count as 0 where dy is: see <see cref="ZeroGuard"/>.</remarks>
internal static class ArithmeticGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Add", sinceOpset: 7, Add);
        rules.Add("Sub", sinceOpset: 7, Sub);
        rules.AddElementwise("Mul", sinceOpset: 7, Mul);
        rules.AddElementwise("Div", sinceOpset: 7, Div, g => g.Ranges.MayBeZero(g.Input(1)));
        rules.Add("Neg", sinceOpset: 6, Neg);
        rules.AddElementwise("Reciprocal", sinceOpset: 6, Reciprocal, g => g.Ranges.MayBeZero(g.Input(0)));
        rules.AddElementwise("Sqrt", sinceOpset: 6, Sqrt, g => g.Ranges.Of(g.Input(0)).Low <= 0);
        rules.AddElementwise("Pow", sinceOpset: 7, Pow, IsPowSteep);
        rules.AddElementwise("Exp", sinceOpset: 6, Exp);
        rules.AddElementwise("Log", sinceOpset: 6, Log, g => g.Ranges.Of(g.Input(0)).Low <= 0);
        rules.AddElementwise("Abs", sinceOpset: 6, Abs);
        rules.AddElementwise("Mod", sinceOpset: 10, Mod);
        rules.Add("Sum", sinceOpset: 8, Sum);
        rules.Add("Mean", sinceOpset: 8, Mean);
        rules.AddElementwise("Max", sinceOpset: 8, Extremum);
        rules.AddElementwise("Min", sinceOpset: 8, Extremum);
    }

    // y = a + b  =>  da = dy, db = dy
    private static Value?[] Add(GradientContext g) => [g.OutputGradient(0), g.OutputGradient(0)];

    // y = a - b  =>  da = dy, db = -dy
    private static Value?[] Sub(GradientContext g) =>
        [g.OutputGradient(0), g.NeedsGradient(1) ? g.Neg(g.OutputGradient(0)) : null];

    // y = a b  =>  da = dy b, db = dy a
    private static Value?[] Mul(GradientContext g) =>
    [
        g.NeedsGradient(0) ? g.Mul(g.OutputGradient(0), g.Input(1)) : null,
        g.NeedsGradient(1) ? g.Mul(g.OutputGradient(0), g.Input(0)) : null,
    ];

    // y = a / b  =>  da = dy / b, db = -(dy / b) y
    private static Value?[] Div(GradientContext g)
    {
        Value da = g.Div(g.OutputGradient(0), g.Input(1));
        return [da, g.NeedsGradient(1) ? g.Neg(g.Mul(da, g.Output(0))) : null];
    }

    // y = -x  =>  dx = -dy
    private static Value?[] Neg(GradientContext g) => [g.Neg(g.OutputGradient(0))];

    // y = 1 / x  =>  dx = -dy y^2
    private static Value?[] Reciprocal(GradientContext g) =>
        [g.Neg(g.Mul(g.OutputGradient(0), g.Mul(g.Output(0), g.Output(0))))];

    // y = sqrt(x)  =>  dx = dy / (2 y), infinite at 0 as in libtorch
    private static Value?[] Sqrt(GradientContext g) =>
        [g.Div(g.Mul(g.OutputGradient(0), 0.5), g.Output(0))];

    // y = x^p  =>  dx = dy p x^(p-1), 0 where p = 0; dp = dy y ln x.
    // For x <= 0 the power is not differentiable by p; dp is 0 there (libtorch: 0 at x = 0, NaN below).
    private static Value?[] Pow(GradientContext g) =>
        [g.NeedsGradient(0) ? PowBase(g) : null, g.NeedsGradient(1) ? PowExponent(g) : null];

    // An exponent of 1 or more has a finite slope everywhere.
    private static bool IsPowSteep(GradientContext g) =>
        g.Ranges.Of(g.Input(0)).Low <= 0 && !(NumericRanges.ConstantNumber(g.Input(1)) is { } p && (p == 0 || p >= 1) && !g.NeedsGradient(1));

    private static Value? PowBase(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        switch (ConstantExponent(g.Input(1)))
        {
            case 0:
                return null;
            case 1:
                return dy;
            case 2:
                return g.Mul(dy, g.Mul(x, 2));
            case 0.5:
                return g.Div(g.Mul(dy, 0.5), g.Output(0));
            case 3:
                return g.Mul(dy, g.Mul(g.Mul(x, x), 3));
            case -1:
                return g.Neg(g.Mul(dy, g.Mul(g.Output(0), g.Output(0))));
            case { } p:
                return g.Mul(dy, g.Mul(g.Op("Pow", [x, g.Scalar(x, p - 1)]), p));
        }

        Value exponent = g.Builder.CastLike(g.Input(1), x);
        Value slope = g.Mul(exponent, g.Op("Pow", [x, g.Sub(exponent, g.One(x))]));
        return g.Where(g.Builder.Equal(exponent, g.Zero(x)), g.Zero(x), g.Mul(dy, slope));
    }

    private static Value PowExponent(GradientContext g)
    {
        Value x = g.Input(0);
        Value slope = g.Mul(g.Mul(g.OutputGradient(0), g.Output(0)), g.Builder.Log(x));
        return g.Builder.CastLike(g.Where(g.Builder.Greater(x, g.Zero(x)), slope, g.Zero(x)), g.Input(1));
    }

    private static double? ConstantExponent(Value exponent) =>
        exponent is { IsConstant: true, Initializer: { Count: 1, Dimensions.Length: 0 } tensor }
            ? tensor.ElementType switch
            {
                ElementType.Float32 => tensor.Span<float>()[0],
                ElementType.Float64 => tensor.Span<double>()[0],
                ElementType.Int64 => tensor.Span<long>()[0],
                ElementType.Int32 => tensor.Span<int>()[0],
                _ => null,
            }
            : null;

    // y = e^x  =>  dx = dy y
    private static Value?[] Exp(GradientContext g) => [g.Mul(g.OutputGradient(0), g.Output(0))];

    // y = ln x  =>  dx = dy / x
    private static Value?[] Log(GradientContext g) => [g.Div(g.OutputGradient(0), g.Input(0))];

    // y = |x|  =>  dx = dy sign(x), 0 at 0 as in libtorch
    private static Value?[] Abs(GradientContext g) =>
        [g.Mul(g.OutputGradient(0), g.Op("Sign", [g.Input(0)]))];

    // y = a - q b with q = a / b rounded down, or towards 0 (fmod)  =>  da = dy, db = -dy q; q is what y leaves, whichever way it was rounded
    private static Value?[] Mod(GradientContext g)
    {
        Value a = g.Input(0), b = g.Input(1), dy = g.OutputGradient(0);
        return [dy, g.NeedsGradient(1) ? g.Neg(g.Mul(dy, g.Op("Round", [g.Div(g.Sub(a, g.Output(0)), b)]))) : null];
    }

    // y = x1 + ... + xn  =>  dxi = dy
    private static Value?[] Sum(GradientContext g) => [.. Enumerable.Repeat(g.OutputGradient(0), g.InputCount)];

    // y = (x1 + ... + xn) / n  =>  dxi = dy / n
    private static Value?[] Mean(GradientContext g) =>
        [.. Enumerable.Repeat(g.InputCount == 1 ? g.OutputGradient(0) : g.Mul(g.OutputGradient(0), 1d / g.InputCount), g.InputCount)];

    // y = max(x1, ..., xn)  =>  dxi = dy [xi = y] / (number of j with xj = y): ties share evenly, as libtorch's maximum does
    private static Value?[] Extremum(GradientContext g)
    {
        Value y = g.Output(0), dy = g.OutputGradient(0);
        if (g.InputCount == 1)
            return [dy];
        var masks = new Value[g.InputCount];
        for (int i = 0; i < masks.Length; i++)
            masks[i] = g.Builder.CastLike(g.Builder.Equal(g.Input(i), y), y);
        Value share = g.Div(dy, g.Op("Sum", masks));
        return [.. masks.Select((mask, i) => g.NeedsGradient(i) ? g.Mul(share, mask) : null)];
    }
}
