using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradient of dropout.</summary>
internal static class DropoutGradients
{
    public static void Register(GradientRegistry rules) => rules.Add("Dropout", sinceOpset: 13, Dropout);

    // y = x, in training mode y = x keep / (1 - ratio) with the mask that the node drew  =>  dx = dy, or dy keep / (1 - ratio).
    // The compiler puts a seeded mask, which can be resumed, in place of training mode beforehand.
    private static Value?[] Dropout(GradientContext g)
    {
        Value dy = g.OutputGradient(0);
        var result = new Value?[g.InputCount];
        result[0] = dy;
        if (g.OptionalInput(2) is not { } mode || mode is { IsConstant: true, Initializer: { ElementType: ElementType.Bool } value } && !value.Span<bool>()[0])
            return result;
        Value keep = g.RequireOutput(1, new TensorType(ElementType.Bool, g.Input(0).Shape));
        Value kept = g.OptionalInput(1) is { } ratio ? g.Sub(g.One(dy), g.Builder.CastLike(ratio, dy)) : g.Scalar(dy, 0.5);
        if (!mode.IsConstant)
            kept = g.Where(mode, kept, g.One(dy));
        result[0] = g.Where(keep, g.Div(dy, kept), g.Zero(dy));
        return result;
    }
}
