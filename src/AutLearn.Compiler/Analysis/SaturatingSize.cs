namespace AutLearn.Compiler.Analysis;

/// <summary>Arithmetic on estimates, whose factors come from the model: a result beyond Int64 is its largest number.</summary>
internal static class SaturatingSize
{
    /// <summary>Multiplies numbers of at least 0.</summary>
    public static long Multiply(long a, long b) => a != 0 && b > long.MaxValue / a ? long.MaxValue : a * b;

    /// <summary>Adds numbers of at least 0.</summary>
    public static long Add(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    /// <summary>Sums numbers of at least 0.</summary>
    public static long Sum(IEnumerable<long> values) => values.Aggregate(0L, Add);

    /// <summary>Multiplies numbers of at least 0.</summary>
    public static long Product(IEnumerable<long> values) => values.Aggregate(1L, Multiply);
}
