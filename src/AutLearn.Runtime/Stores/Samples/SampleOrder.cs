namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Orders samples by when they arose on the store's own clock, those of one time by number.</summary>
internal sealed class SampleOrder : IComparer<StoredSample>
{
    public static SampleOrder Instance { get; } = new();

    public int Compare(StoredSample? x, StoredSample? y)
    {
        int byTime = Comparer<TimeSpan?>.Default.Compare(x?.Arose, y?.Arose);
        return byTime != 0 ? byTime : Comparer<long?>.Default.Compare(x?.Id, y?.Id);
    }
}
