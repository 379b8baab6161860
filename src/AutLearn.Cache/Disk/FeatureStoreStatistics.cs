namespace AutLearn.Cache.Disk;

/// <summary>Counts of a <see cref="FeatureStore"/> since it was opened.</summary>
/// <param name="Rows">Rows that can be read now, as far as is known before their checksums are read.</param>
/// <param name="Segments">Files.</param>
/// <param name="SizeInBytes">Bytes on disk.</param>
/// <param name="Hits">Rows that were read.</param>
/// <param name="Misses">Rows that were asked for in vain.</param>
/// <param name="Evicted">Rows that left for the quota or their age.</param>
/// <param name="Damaged">Rows and files dropped because a checksum or a header did not fit.</param>
/// <param name="Invalidated">Files dropped because they were of another backbone or layout.</param>
/// <param name="Ignored">Files in the folder that were passed over and left alone: their names are no segments', or they could be neither opened nor deleted.</param>
public sealed record FeatureStoreStatistics(
    int Rows, int Segments, long SizeInBytes, long Hits, long Misses, long Evicted, long Damaged, long Invalidated, long Ignored)
{
    /// <summary>Gets the share of reads that were served, in [0, 1]; NaN before the first.</summary>
    public double ReuseRatio => (double)Hits / (Hits + Misses);
}
