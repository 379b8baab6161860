namespace AutLearn.Runtime.Scheduling;

/// <summary>Logic with three values after Kleene: what is not known stays so only where it could change the outcome.</summary>
internal static class TernaryLogic
{
    public static Ternary Of(bool value) => value ? Ternary.True : Ternary.False;

    public static Ternary Not(this Ternary value) => value switch
    {
        Ternary.True => Ternary.False,
        Ternary.False => Ternary.True,
        _ => Ternary.Unknown,
    };

    public static Ternary Or(this Ternary left, Ternary right) =>
        left == Ternary.True || right == Ternary.True ? Ternary.True
        : left == Ternary.False && right == Ternary.False ? Ternary.False
        : Ternary.Unknown;
}
