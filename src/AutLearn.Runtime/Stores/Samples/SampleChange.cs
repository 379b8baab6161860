namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What one transaction changes.</summary>
internal sealed class SampleChange
{
    public List<(StoredSample Sample, ReadOnlyMemory<byte> Payload)> Added { get; } = [];

    /// <summary>Samples whose facts change; the content stays.</summary>
    public List<StoredSample> Updated { get; } = [];

    public List<long> Removed { get; } = [];
}
