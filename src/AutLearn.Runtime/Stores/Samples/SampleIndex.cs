namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What a store knows about its samples, in memory, by number and by age on the store's own clock. Not safe for several threads.</summary>
internal sealed class SampleIndex
{
    private readonly Dictionary<long, StoredSample> _samples = [];
    private readonly SortedSet<StoredSample> _order = new(SampleOrder.Instance);
    private long _sizeInBytes;

    /// <summary>Gets the samples, oldest first, with those that have expired.</summary>
    public IEnumerable<StoredSample> All => _order;

    public static bool IsAlive(StoredSample sample, TimeSpan age) => sample.Leaves > age;

    public static bool IsWithin(StoredSample sample, DateTimeOffset? from, DateTimeOffset? to) =>
        (from is null || sample.Time >= from) && (to is null || sample.Time < to);

    public StoredSample? Find(long id, TimeSpan age) => _samples.TryGetValue(id, out StoredSample? sample) && IsAlive(sample, age) ? sample : null;

    public IReadOnlyList<StoredSample> Alive(TimeSpan age) => [.. _order.Where(s => IsAlive(s, age))];

    public IReadOnlyList<StoredSample> Expired(TimeSpan age) => [.. _order.Where(s => !IsAlive(s, age))];

    /// <summary>What must leave, beyond the expired, so that new samples have room: the oldest.</summary>
    public IReadOnlyList<StoredSample> Oldest(TimeSpan age, int newSamples, long newBytes, SampleStoreOptions options)
    {
        List<StoredSample> leaving = [];
        long samples = newSamples + (long)_samples.Count;
        long bytes = newBytes + _sizeInBytes;
        foreach (StoredSample sample in Expired(age))
            (samples, bytes) = (samples - 1, bytes - sample.SizeInBytes);
        foreach (StoredSample sample in _order)
        {
            if (samples <= options.SampleQuota && bytes <= options.SizeQuotaInBytes)
                break;
            if (!IsAlive(sample, age))
                continue;
            leaving.Add(sample);
            (samples, bytes) = (samples - 1, bytes - sample.SizeInBytes);
        }

        return leaving;
    }

    public void Apply(SampleChange change)
    {
        foreach (long id in change.Removed)
            Remove(id);
        foreach (StoredSample sample in change.Updated)
        {
            Remove(sample.Id);
            Add(sample);
        }

        foreach ((StoredSample sample, _) in change.Added)
            Add(sample);
    }

    public void Add(StoredSample sample)
    {
        _samples.Add(sample.Id, sample);
        _order.Add(sample);
        _sizeInBytes += sample.SizeInBytes;
    }

    public void Clear()
    {
        _samples.Clear();
        _order.Clear();
        _sizeInBytes = 0;
    }

    private void Remove(long id)
    {
        if (_samples.Remove(id, out StoredSample? sample) && _order.Remove(sample))
            _sizeInBytes -= sample.SizeInBytes;
    }
}
