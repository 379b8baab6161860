namespace AutLearn.Runtime.Online;

/// <summary>A few rows of every class, so that learning the new does not unlearn the old.</summary>
/// <remarks>
/// Each class keeps a uniform sample of its rows (reservoir sampling: Vitter, ACM TOMS 11, 1985), and draws are uniform over classes first,
/// so that rare classes count as much as frequent ones. Not safe for use by several threads.
/// </remarks>
internal sealed class ReplayMemory(int rowSizeInBytes, int rowsPerClass, int capacity, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<long, Exemplars> _classes = [];
    private readonly List<long> _order = [];

    public int Rows { get; private set; }

    /// <summary>Takes a row, or not.</summary>
    /// <param name="row">Features and labels.</param>
    /// <param name="label">The class; one for all rows where there are no classes.</param>
    public void Add(ReadOnlySpan<byte> row, long label)
    {
        if (!_classes.TryGetValue(label, out Exemplars? exemplars))
        {
            _classes.Add(label, exemplars = new());
            _order.Add(label);
        }

        exemplars.Seen++;
        if (exemplars.Rows.Count < rowsPerClass && (Rows < capacity || TryMakeRoom()))
        {
            exemplars.Rows.Add(row.ToArray());
            Rows++;
            return;
        }

        long at = _random.NextInt64(exemplars.Seen);
        if (at < exemplars.Rows.Count)
            row.CopyTo(exemplars.Rows[(int)at]);
    }

    /// <summary>Draws a row; false while there is none.</summary>
    public bool TryDraw(Span<byte> row)
    {
        if (Rows == 0)
            return false;
        Exemplars exemplars;
        do
        {
            exemplars = _classes[_order[_random.Next(_order.Count)]];
        }
        while (exemplars.Rows.Count == 0);
        exemplars.Rows[_random.Next(exemplars.Rows.Count)].AsSpan(0, rowSizeInBytes).CopyTo(row);
        return true;
    }

    public void Clear()
    {
        foreach (Exemplars exemplars in _classes.Values)
        {
            foreach (byte[] row in exemplars.Rows)
                Array.Clear(row);
        }

        _classes.Clear();
        _order.Clear();
        Rows = 0;
    }

    // The class with the most rows gives one up, unless all have one at most.
    private bool TryMakeRoom()
    {
        Exemplars largest = _classes.Values.MaxBy(c => c.Rows.Count)!;
        if (largest.Rows.Count < 2)
            return false;
        largest.Rows.RemoveAt(_random.Next(largest.Rows.Count));
        Rows--;
        return true;
    }

    private sealed class Exemplars
    {
        public List<byte[]> Rows { get; } = [];

        public long Seen { get; set; }
    }
}
