namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Orders samples by time, those of one time by number.</summary>
internal sealed class SampleOrder : IComparer<StoredSample>
{
    public static SampleOrder Instance { get; } = new();

    public int Compare(StoredSample? x, StoredSample? y)
    {
        int byTime = Comparer<DateTimeOffset?>.Default.Compare(x?.Time, y?.Time);
        return byTime != 0 ? byTime : Comparer<long?>.Default.Compare(x?.Id, y?.Id);
    }
}
