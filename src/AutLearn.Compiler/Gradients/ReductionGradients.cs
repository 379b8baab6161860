using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of reductions whose axes are an input: constant, computed, or left out.</summary>
/// <remarks>
/// Without axes a reduction takes all of them, or none where <c>noop_with_empty_axes</c> is 1. Either way the output
/// broadcasts against the input as it is, so no rule has to tell the two apart.
/// </remarks>
internal static class ReductionGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("ReduceSum", sinceOpset: 13, ReduceSum);
        rules.Add("ReduceMean", sinceOpset: 18, ReduceMean);
        rules.Add("ReduceMax", sinceOpset: 18, ReduceExtremum);
        rules.Add("ReduceMin", sinceOpset: 18, ReduceExtremum);
        rules.Add("ReduceProd", sinceOpset: 18, ReduceProd);
        rules.Add("ReduceL1", sinceOpset: 18, ReduceL1);
        rules.Add("ReduceL2", sinceOpset: 18, ReduceL2);
        rules.Add("ReduceSumSquare", sinceOpset: 18, ReduceSumSquare);
        rules.Add("ReduceLogSum", sinceOpset: 18, ReduceLogSum);
        rules.Add("ReduceLogSumExp", sinceOpset: 18, ReduceLogSumExp);
    }

    // y = sum x  =>  dx = dy, repeated
    private static Value?[] ReduceSum(GradientContext g) => ForInput(g, Repeat(g, Keep(g, g.OutputGradient(0))));

    // y = sum x / n  =>  dx = dy / n, repeated; n = size(x) / size(y)
    private static Value?[] ReduceMean(GradientContext g)
    {
        Value dy = g.OutputGradient(0);
        Value scaled = ElementCount(g.Input(0)) is { } all && ElementCount(g.Output(0)) is { } kept
            ? g.Mul(dy, (double)kept / Math.Max(1, all))
            : g.Mul(dy, g.Div(SizeLike(g, g.Output(0)), SizeLike(g, g.Input(0))));
        return ForInput(g, Repeat(g, Keep(g, scaled)));
    }

    // y = max x  =>  dx = dy [x = y] / (number of maxima): ties share evenly, as libtorch's amax and amin do; 0 where y is no number
    private static Value?[] ReduceExtremum(GradientContext g)
    {
        Value x = g.Input(0);
        Value mask = g.Builder.CastLike(g.Builder.Equal(x, Keep(g, g.Output(0))), x);
        Value count = Reduce(g, "ReduceSum", mask);
        if (g.Ranges.Of(x).MayBeNaN)
            count = g.Op("Max", [count, g.One(count)]);
        return ForInput(g, g.Mul(mask, g.Div(Keep(g, g.OutputGradient(0)), count)));
    }

    // y = product of x  =>  dx = dy times the product of the others: y / x, where one is 0 the product of the rest, where several are nothing
    private static Value?[] ReduceProd(GradientContext g)
    {
        Value x = g.Input(0), dy = Keep(g, g.OutputGradient(0));
        if (!g.Ranges.MayBeZero(x))
            return ForInput(g, g.Div(g.Mul(dy, Keep(g, g.Output(0))), x));
        Value isZero = g.Builder.Equal(x, g.Zero(x));
        Value other = g.Where(isZero, g.One(x), x);
        Value product = Reduce(g, "ReduceProd", other), zeros = Reduce(g, "ReduceSum", g.Builder.CastLike(isZero, x));
        Value scaled = g.Mul(dy, product);
        Value atZero = g.Where(g.Builder.Equal(zeros, g.One(x)), scaled, g.Zero(x)), elsewhere = g.Where(g.Builder.Equal(zeros, g.Zero(x)), scaled, g.Zero(x));
        return ForInput(g, g.Where(isZero, atZero, g.Div(elsewhere, other)));
    }

    // Over the node's axes, which stay with size 1.
    private static Value Reduce(GradientContext g, string op, Value x) => g.Op(
        op,
        [x, g.OptionalInput(1)],
        ("keepdims", AttributeValue.Of(1L)),
        ("noop_with_empty_axes", AttributeValue.Of(g.Node.GetInt("noop_with_empty_axes", 0))));

    // y = sum |x|  =>  dx = dy sign(x), 0 at 0 as in libtorch
    private static Value?[] ReduceL1(GradientContext g) =>
        ForInput(g, g.Mul(g.Op("Sign", [g.Finite(g.Input(0))]), Keep(g, g.OutputGradient(0))));

    // y = sqrt(sum x^2)  =>  dx = dy x / y, 0 where y = 0 as in libtorch
    private static Value?[] ReduceL2(GradientContext g)
    {
        Value y = g.Finite(g.Output(0));
        Value isZero = g.Builder.Equal(y, g.Zero(y));
        Value scale = g.Where(isZero, g.Zero(y), g.Div(g.OutputGradient(0), g.Where(isZero, g.One(y), y)));
        return ForInput(g, g.Mul(g.Finite(g.Input(0)), Keep(g, scale)));
    }

    // y = sum x^2  =>  dx = 2 dy x
    private static Value?[] ReduceSumSquare(GradientContext g) =>
        ForInput(g, g.Mul(g.Finite(g.Input(0)), Keep(g, g.Mul(g.OutputGradient(0), 2))));

    // y = ln sum x  =>  dx = dy e^-y, repeated; 0 where dy = 0, also where y is not finite
    private static Value?[] ReduceLogSum(GradientContext g)
    {
        Value dy = g.OutputGradient(0);
        Value scaled = g.Mul(dy, g.Builder.Exp(g.Neg(g.Output(0))));
        if (g.Ranges.Of(g.Input(0)) is not { Low: > 0, IsFinite: true })
            scaled = g.Where(g.Builder.Equal(dy, g.Zero(dy)), g.Zero(dy), scaled);
        return ForInput(g, Repeat(g, Keep(g, scaled)));
    }

    // y = ln sum e^x  =>  dx = dy e^(x - y); 0 where everything is masked, y = -infinity
    private static Value?[] ReduceLogSumExp(GradientContext g)
    {
        Value y = g.Output(0);
        Value isFinite = g.Builder.Less(g.Op("Abs", [y]), g.Scalar(y, double.PositiveInfinity));
        Value reachable = g.Where(isFinite, y, g.Scalar(y, double.PositiveInfinity));
        return ForInput(g, g.Mul(Keep(g, g.OutputGradient(0)), g.Builder.Exp(g.Sub(g.Input(0), Keep(g, reachable)))));
    }

    // Puts the reduced axes back with size 1. A full reduction leaves a scalar, which broadcasts as it is.
    private static Value Keep(GradientContext g, Value reduced) =>
        g.Node.GetInt("keepdims", 1) == 0 && g.OptionalInput(1) is { } axes
            ? g.Op("Unsqueeze", [reduced, axes])
            : reduced;

    private static Value Repeat(GradientContext g, Value reduced)
    {
        Value repeated = g.Builder.Expand(reduced, g.ShapeOf(g.Input(0)));
        repeated.Type = g.Input(0).Type;
        return repeated;
    }

    // Elementwise results have the input's shape even where inference, not knowing computed axes, cannot say so.
    private static Value?[] ForInput(GradientContext g, Value gradient)
    {
        gradient.Type = g.Input(0).Type;
        var result = new Value?[g.InputCount];
        result[0] = gradient;
        return result;
    }

    private static long? ElementCount(Value value) => value.Shape?.ElementCount();

    private static Value SizeLike(GradientContext g, Value value) => g.Builder.CastLike(g.Op("Size", [value]), g.Input(0));
}
