using AutLearn.Graph;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>Reads the operators that end in a value.</summary>
internal static class GraphPattern
{
    /// <summary>Gets what a node of the default domain reads that computes the value.</summary>
    public static Value? Argument(this Value value, string opType) => value.Producer is { } node && node.Is(opType) ? node.Input(0) : null;

    /// <summary>Gets the two values that a node of the default domain reads first.</summary>
    public static (Value Left, Value Right)? Arguments(this Value value, string opType) =>
        value.Producer is { } node && node.Is(opType) && node.Input(0) is { } left && node.Input(1) is { } right ? (left, right) : null;

    /// <summary>Gets the same, and the same in the other order: for operators whose order means nothing.</summary>
    public static IEnumerable<(Value Left, Value Right)> EitherOrder(this Value value, string opType) =>
        value.Arguments(opType) is var (left, right) ? [(left, right), (right, left)] : [];

    /// <summary>Tells whether a value is a lone number.</summary>
    public static bool IsNumber(this Value value, double number) =>
        value is { IsConstant: true, Initializer: { Count: 1, ElementType: ElementType.Float32 or ElementType.Float64 } tensor }
        && (tensor.ElementType == ElementType.Float32 ? tensor.Span<float>()[0] : tensor.Span<double>()[0]) == number;

    /// <summary>Looks through operators that change no number.</summary>
    public static Value Bare(this Value value)
    {
        while (value.Producer is { Domain: "", OpType: "Identity" or "Cast" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" } node && node.Input(0) is { } from)
            value = from;
        return value;
    }

    /// <summary>Tells whether a value is what the caller supplies: an input, in whatever shape and type.</summary>
    public static bool IsSupplied(this Value value) => value.Bare() is { IsInput: true, Initializer: null };
}
