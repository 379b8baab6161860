namespace AutLearn.Compiler.Partition;

/// <summary>A minimum cut in a directed graph with capacities, by Dinic's algorithm.</summary>
/// <remarks>Dinic, Soviet Mathematics Doklady 11, 1970. Vertices 0 and 1 are source and sink.</remarks>
internal sealed class MinimumCut
{
    public const int Source = 0;

    public const int Sink = 1;

    /// <summary>A capacity that no cut crosses.</summary>
    public const long Unlimited = long.MaxValue / 4;

    // Networks of real models take a few visits an edge. Others can be made to take edges times vertices.
    private const long FreeVisits = 1L << 24;
    private const long VisitsPerEdge = 64;

    // The edges that leave a vertex are a chain: its first and last, and what follows each. -1 ends it. A list for each vertex takes six times as much.
    private readonly List<int> _first = [-1, -1];
    private readonly List<int> _last = [-1, -1];
    private readonly List<int> _following = [];
    private readonly List<int> _to = [];
    private readonly List<long> _capacity = [];

    /// <summary>Gets the edges looked at so far.</summary>
    public long Visits { get; private set; }

    public int AddVertex()
    {
        _first.Add(-1);
        _last.Add(-1);
        return _first.Count - 1;
    }

    public void AddEdge(int from, int to, long capacity)
    {
        AddHalf(from, to, capacity);
        AddHalf(to, from, 0);
    }

    /// <summary>Computes the flow and tells which vertices lie on the sink's side; of several minimum cuts, the one nearest to the sink.</summary>
    /// <param name="cancellationToken">Checked at each path.</param>
    /// <returns>
    /// The vertices from which the sink can still be reached; null if every cut is unlimited. Where the search would take far more visits
    /// than the network has edges, what must lie on the sink's side at least: a cut, if not the cheapest.
    /// </returns>
    public bool[]? SinkSide(CancellationToken cancellationToken = default)
    {
        long total = 0, most = FreeVisits + (VisitsPerEdge * _to.Count);
        while (Levels() is { } level)
        {
            int[] next = [.. _first];
            while (Augment(level, next) is > 0 and var pushed)
            {
                total = Math.Min(total + pushed, Unlimited);
                cancellationToken.ThrowIfCancellationRequested();
                if (Visits > most)
                    return Required();
            }

            if (total >= Unlimited)
                return null;
        }

        return Reaching(edge => _capacity[edge] > 0);
    }

    private void AddHalf(int from, int to, long capacity)
    {
        int edge = _to.Count;
        _to.Add(to);
        _capacity.Add(capacity);
        _following.Add(-1);
        if (_last[from] < 0)
            _first[from] = edge;
        else
            _following[_last[from]] = edge;
        _last[from] = edge;
    }

    // Capacity moves between an edge, which has an even number, and its reverse: together they are what was there before any flow.
    private bool[]? Required()
    {
        bool[] reaches = Reaching(edge => edge % 2 == 0 && _capacity[edge] + _capacity[edge + 1] >= Unlimited);
        return reaches[Source] ? null : reaches;
    }

    private bool[] Reaching(Predicate<int> isOpen)
    {
        bool[] reaches = new bool[_first.Count];
        reaches[Sink] = true;
        var pending = new Stack<int>([Sink]);
        while (pending.TryPop(out int vertex))
        {
            for (int edge = _first[vertex]; edge >= 0; edge = _following[edge])
            {
                // The reverse of an edge with capacity left leads to a vertex that reaches this one.
                if (isOpen(edge ^ 1) && !reaches[_to[edge]])
                {
                    reaches[_to[edge]] = true;
                    pending.Push(_to[edge]);
                }
            }
        }

        return reaches;
    }

    private int[]? Levels()
    {
        int[] level = new int[_first.Count];
        Array.Fill(level, -1);
        level[Source] = 0;
        var pending = new Queue<int>([Source]);
        while (pending.TryDequeue(out int vertex))
        {
            for (int edge = _first[vertex]; edge >= 0; edge = _following[edge])
            {
                Visits++;
                if (_capacity[edge] > 0 && level[_to[edge]] < 0)
                {
                    level[_to[edge]] = level[vertex] + 1;
                    pending.Enqueue(_to[edge]);
                }
            }
        }

        return level[Sink] < 0 ? null : level;
    }

    // One augmenting path by depth-first search without recursion: networks can be thousands of nodes deep.
    private long Augment(int[] level, int[] next)
    {
        var path = new List<int>();
        int vertex = Source;
        while (vertex != Sink)
        {
            int found = -1;
            for (; next[vertex] >= 0; next[vertex] = _following[next[vertex]])
            {
                int edge = next[vertex];
                Visits++;
                if (_capacity[edge] > 0 && level[_to[edge]] == level[vertex] + 1)
                {
                    found = edge;
                    break;
                }
            }

            if (found >= 0)
            {
                path.Add(found);
                vertex = _to[found];
                continue;
            }

            if (vertex == Source)
                return 0;
            int back = path[^1];
            path.RemoveAt(path.Count - 1);
            vertex = _to[back ^ 1];
            next[vertex] = _following[next[vertex]];
        }

        Visits += path.Count;
        long flow = path.Min(e => _capacity[e]);
        foreach (int edge in path)
        {
            _capacity[edge] -= flow;
            _capacity[edge ^ 1] += flow;
        }

        return flow;
    }
}
