using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Zero times infinity is zero: where an element gets no gradient it passes none on.</summary>
/// <remarks>
/// An element that is masked, clipped or not chosen further on gets the gradient 0 exactly. The loss does not depend on it, so neither does it
/// depend on what the element was computed from, though the product with an infinite slope (the root of 0, a quotient by 0) would be NaN.
/// Elements that do get a gradient keep the slope's infinity.
/// </remarks>
internal static class ZeroGuard
{
    /// <summary>Wraps the rule of an operator that takes each element by itself.</summary>
    public static GradientRule Around(GradientRule rule, Func<GradientContext, bool>? isSteep) => g =>
    {
        Value?[] result = rule(g);
        if (isSteep?.Invoke(g) != true && TouchesOnlyFinite(g))
            return result;
        Value dy = g.OutputGradient(0);
        Value isZero = g.Builder.Equal(dy, g.Zero(dy));
        for (int i = 0; i < result.Length; i++)
        {
            if (g.NeedsGradient(i) && result[i] is { } dx && !ReferenceEquals(dx, dy))
                result[i] = g.Where(isZero, g.Zero(dx), dx);
        }

        return result;
    };

    private static bool TouchesOnlyFinite(GradientContext g) =>
        g.Ranges.Of(g.Output(0)).IsFinite && g.Node.Inputs.All(i => i is null || g.Ranges.Of(i).IsFinite);
}
