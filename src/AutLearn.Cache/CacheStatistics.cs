namespace AutLearn.Cache;

/// <summary>Counts since the cache was created, and its present content.</summary>
/// <param name="Capacity">Rows that fit.</param>
/// <param name="UnlabelledRows">Rows that wait for a label.</param>
/// <param name="LabelledRows">Rows that wait for training.</param>
/// <param name="LeasedRows">Rows in a training batch.</param>
/// <param name="SizeInBytes">Memory that the arena takes.</param>
/// <param name="Added">Rows stored.</param>
/// <param name="Evicted">Rows that left without a label, to make room.</param>
/// <param name="Rejected">Rows not stored because every row was labelled or in training.</param>
/// <param name="Taken">Rows handed to training.</param>
/// <param name="TakenWithLogits">Rows handed to training whose logits were still current.</param>
public readonly record struct CacheStatistics(
    int Capacity,
    int UnlabelledRows,
    int LabelledRows,
    int LeasedRows,
    long SizeInBytes,
    long Added,
    long Evicted,
    long Rejected,
    long Taken,
    long TakenWithLogits)
{
    /// <summary>Gets the share of trained rows that also saved the head's forward pass, in [0, 1].</summary>
    public double ReuseRatio => Taken == 0 ? 0 : (double)TakenWithLogits / Taken;
}
