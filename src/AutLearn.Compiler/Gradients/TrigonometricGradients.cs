using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of circular and hyperbolic functions and their inverses.</summary>
internal static class TrigonometricGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.AddElementwise("Sin", sinceOpset: 7, Sin);
        rules.AddElementwise("Cos", sinceOpset: 7, Cos);
        rules.AddElementwise("Tan", sinceOpset: 7, Tan, _ => true);
        rules.AddElementwise("Asin", sinceOpset: 7, Asin, ReachesOne);
        rules.AddElementwise("Acos", sinceOpset: 7, Acos, ReachesOne);
        rules.AddElementwise("Atan", sinceOpset: 7, Atan);
        rules.AddElementwise("Sinh", sinceOpset: 9, Sinh);
        rules.AddElementwise("Cosh", sinceOpset: 9, Cosh);
        rules.AddElementwise("Asinh", sinceOpset: 9, Asinh);
        rules.AddElementwise("Acosh", sinceOpset: 9, Acosh, g => g.Ranges.Of(g.Input(0)).Low <= 1);
        rules.AddElementwise("Atanh", sinceOpset: 9, Atanh, ReachesOne);
    }

    private static bool ReachesOne(GradientContext g) => g.Ranges.Of(g.Input(0)) is not { Low: > -1, High: < 1 };

    // y = sin x  =>  dx = dy cos x
    private static Value?[] Sin(GradientContext g) =>
        [g.Mul(g.OutputGradient(0), g.Op("Cos", [g.Input(0)]))];

    // y = cos x  =>  dx = -dy sin x
    private static Value?[] Cos(GradientContext g) =>
        [g.Neg(g.Mul(g.OutputGradient(0), g.Op("Sin", [g.Input(0)])))];

    // y = tan x  =>  dx = dy (1 + y^2)
    private static Value?[] Tan(GradientContext g)
    {
        Value y = g.Output(0);
        return [g.Mul(g.OutputGradient(0), g.Add(g.Mul(y, y), g.One(y)))];
    }

    // y = asin x  =>  dx = dy / sqrt(1 - x^2), infinite at 1 and -1 as in libtorch
    private static Value?[] Asin(GradientContext g) =>
        [g.Div(g.OutputGradient(0), g.Builder.Sqrt(OneMinusSquare(g)))];

    // y = acos x  =>  dx = -dy / sqrt(1 - x^2)
    private static Value?[] Acos(GradientContext g) =>
        [g.Neg(g.Div(g.OutputGradient(0), g.Builder.Sqrt(OneMinusSquare(g))))];

    // y = atan x  =>  dx = dy / (1 + x^2)
    private static Value?[] Atan(GradientContext g)
    {
        Value x = g.Input(0);
        return [g.Div(g.OutputGradient(0), g.Add(g.Mul(x, x), g.One(x)))];
    }

    // y = sinh x  =>  dx = dy cosh x
    private static Value?[] Sinh(GradientContext g) =>
        [g.Mul(g.OutputGradient(0), g.Op("Cosh", [g.Input(0)]))];

    // y = cosh x  =>  dx = dy sinh x
    private static Value?[] Cosh(GradientContext g) =>
        [g.Mul(g.OutputGradient(0), g.Op("Sinh", [g.Input(0)]))];

    // y = asinh x  =>  dx = dy / sqrt(x^2 + 1)
    private static Value?[] Asinh(GradientContext g)
    {
        Value x = g.Input(0);
        return [g.Div(g.OutputGradient(0), g.Builder.Sqrt(g.Add(g.Mul(x, x), g.One(x))))];
    }

    // y = acosh x  =>  dx = dy / sqrt(x^2 - 1), infinite at 1 as in libtorch
    private static Value?[] Acosh(GradientContext g)
    {
        Value x = g.Input(0);
        return [g.Div(g.OutputGradient(0), g.Builder.Sqrt(g.Mul(g.Sub(x, g.One(x)), g.Add(x, g.One(x)))))];
    }

    // y = atanh x  =>  dx = dy / (1 - x^2), infinite at 1 and -1 as in libtorch
    private static Value?[] Atanh(GradientContext g) =>
        [g.Div(g.OutputGradient(0), OneMinusSquare(g))];

    // (1 - x)(1 + x), which keeps its digits near 1
    private static Value OneMinusSquare(GradientContext g)
    {
        Value x = g.Input(0);
        return g.Mul(g.Sub(g.One(x), x), g.Add(g.One(x), x));
    }
}
