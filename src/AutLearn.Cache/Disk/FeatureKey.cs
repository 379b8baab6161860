namespace AutLearn.Cache.Disk;

/// <summary>Names one row: a sample and which of its augmented variants.</summary>
/// <param name="SampleId">The sample's id.</param>
/// <param name="Variant">0 is the sample itself; at least 0.</param>
public readonly record struct FeatureKey(long SampleId, int Variant);
