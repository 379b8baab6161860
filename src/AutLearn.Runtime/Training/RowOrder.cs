namespace AutLearn.Runtime.Training;

/// <summary>The order in which an epoch visits the rows: a function of seed and epoch alone.</summary>
internal static class RowOrder
{
    public static void Shuffle(Span<int> rows, int seed, int epoch)
    {
        for (int i = 0; i < rows.Length; i++)
            rows[i] = i;
        Random(seed, epoch).Shuffle(rows);
    }

    // A large odd factor keeps neighbouring seeds from sharing epochs.
    public static Random Random(int seed, int epoch) => new(unchecked((seed * 0x5851F42D) + epoch));
}
