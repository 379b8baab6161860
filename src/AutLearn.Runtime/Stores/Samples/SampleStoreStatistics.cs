namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What a store holds.</summary>
/// <param name="Samples">All samples that have not expired.</param>
/// <param name="Trainable">Those with a label and the user's consent.</param>
/// <param name="SizeInBytes">The bytes of all contents.</param>
/// <param name="Oldest">When the oldest arose, or null.</param>
/// <param name="Newest">When the newest arose, or null.</param>
/// <param name="Evicted">Samples that left since the store was opened because it was full.</param>
public sealed record SampleStoreStatistics(int Samples, int Trainable, long SizeInBytes, DateTimeOffset? Oldest, DateTimeOffset? Newest, long Evicted);
