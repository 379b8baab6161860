namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What one transaction changes.</summary>
internal sealed class SampleChange
{
    public List<(StoredSample Sample, ReadOnlyMemory<byte> Payload)> Added { get; } = [];

    /// <summary>Samples whose facts change; the content stays.</summary>
    public List<StoredSample> Updated { get; } = [];

    public List<long> Removed { get; } = [];

    /// <summary>The same without what is added, in changes of one sample each.</summary>
    public IEnumerable<SampleChange> Apart()
    {
        foreach (long id in Removed)
        {
            var change = new SampleChange();
            change.Removed.Add(id);
            yield return change;
        }

        foreach (StoredSample sample in Updated)
        {
            var change = new SampleChange();
            change.Updated.Add(sample);
            yield return change;
        }
    }
}
