namespace AutLearn.Runtime.Training;

/// <summary>Gathers rows of one bucket into batches.</summary>
internal sealed class Buckets<T>
{
    private readonly SortedDictionary<int, List<T>> _open = [];
    private readonly DataLoaderOptions _options;

    public Buckets(DataLoaderOptions options) => _options = options;

    /// <summary>Adds a row.</summary>
    /// <returns>A full batch, or null.</returns>
    public List<T>? Add(int bucket, T row)
    {
        if (!_open.TryGetValue(bucket, out List<T>? rows))
            _open.Add(bucket, rows = new(_options.BatchSize));
        rows.Add(row);
        if (rows.Count < _options.BatchSize)
            return null;
        _open.Remove(bucket);
        return rows;
    }

    /// <summary>Gets the batches that stayed incomplete, by bucket.</summary>
    public IEnumerable<List<T>> Rest() => _options.LastBatch == LastBatch.Keep ? _open.Values : [];

    public IEnumerable<List<T>> Group(IEnumerable<(int Bucket, T Row)> rows)
    {
        foreach ((int bucket, T row) in rows)
        {
            if (Add(bucket, row) is { } full)
                yield return full;
        }

        foreach (List<T> rest in Rest())
            yield return rest;
    }
}
