using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>A seeded split into rows to learn from and rows to measure on.</summary>
/// <param name="Train">Row numbers, shuffled.</param>
/// <param name="HoldOut">Row numbers, shuffled; no row stands in both.</param>
internal sealed record HoldOutSplit(ImmutableArray<int> Train, ImmutableArray<int> HoldOut)
{
    /// <summary>Splits as a person divided the data, or else at random.</summary>
    /// <param name="images">The images, at least 2.</param>
    /// <param name="preferred">What to measure on where the data have it.</param>
    /// <param name="holdOutFraction">The part to measure on where nobody divided the data, in (0, 1).</param>
    /// <param name="seed">Equal seeds give equal splits.</param>
    /// <exception cref="AutLearnException">The data are divided, but not into something to learn from and something to measure on.</exception>
    public static HoldOutSplit Of(ImageSet images, DataPart preferred, double holdOutFraction, int seed)
    {
        if (images.Parts.IsEmpty)
            return Of(images.Count, holdOutFraction, seed);
        DataPart other = preferred == DataPart.Test ? DataPart.Validation : DataPart.Test;
        DataPart measured = images.Parts.Contains(preferred) ? preferred : other;
        int[] train = Rows(DataPart.Training), held = Rows(measured);
        if (train.Length == 0 || held.Length == 0)
            throw new AutLearnException("The data are divided, but have no images to learn from (train) or none to measure on (validation or test).");
        var random = new Random(seed);
        random.Shuffle(train);
        random.Shuffle(held);
        return new([.. train], [.. held]);

        int[] Rows(DataPart part) => [.. Enumerable.Range(0, images.Count).Where(i => images.Parts[i] == part)];
    }

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
