using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradient of dropout where it changes nothing.</summary>
internal static class DropoutGradients
{
    public static void Register(GradientRegistry rules) => rules.Add("Dropout", sinceOpset: 13, Dropout);

    // y = x  =>  dx = dy. Dropout that drops draws from a generator that cannot be resumed; a seeded mask takes its place beforehand.
    private static Value?[] Dropout(GradientContext g)
    {
        bool trains = g.OptionalInput(2) is { } mode && !(mode is { IsConstant: true, Initializer: { ElementType: ElementType.Bool } value } && !value.Span<bool>()[0]);
        if (trains)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (Dropout in training mode without a seed)"]);
        var result = new Value?[g.InputCount];
        result[0] = g.OutputGradient(0);
        return result;
    }
}
