using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>A seeded split into rows to learn from and rows to measure on.</summary>
/// <param name="Train">Row numbers, shuffled.</param>
/// <param name="HoldOut">Row numbers, shuffled; no row stands in both.</param>
internal sealed record HoldOutSplit(ImmutableArray<int> Train, ImmutableArray<int> HoldOut)
{
    /// <summary>Splits the rows at random.</summary>
    /// <param name="count">The number of rows, at least 2.</param>
    /// <param name="holdOutFraction">The part to measure on, in (0, 1); at least one row goes to each side.</param>
    /// <param name="seed">Equal seeds give equal splits.</param>
    public static HoldOutSplit Of(int count, double holdOutFraction, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        int[] rows = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(rows);
        int held = Math.Clamp((int)Math.Round(count * holdOutFraction), 1, count - 1);
        return new([.. rows.AsSpan(held)], [.. rows.AsSpan(0, held)]);
    }
}
