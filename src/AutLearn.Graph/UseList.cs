using System.Collections;

namespace AutLearn.Graph;

/// <summary>Where a value is read, in the order in which the reads were added. Adding and removing take constant time on average.</summary>
internal sealed class UseList : IReadOnlyList<ValueUse>
{
    // Below, searching is faster than a set.
    private const int Few = 16;

    private readonly List<ValueUse> _uses = new(0);
    private HashSet<ValueUse>? _removed;

    public int Count => _uses.Count - (_removed?.Count ?? 0);

    public ValueUse this[int index] => Settled()[index];

    public void Add(ValueUse use)
    {
        if (_removed?.Remove(use) == true)
            return;
        if (_uses.Capacity == 0)
            _uses.Capacity = 1;
        _uses.Add(use);
    }

    /// <summary>Removes a use that is in the list.</summary>
    public void Remove(ValueUse use)
    {
        if (_uses.Count <= Few)
        {
            Settled().Remove(use);
            return;
        }

        // Taken out when someone looks, or when half of the list is gone.
        (_removed ??= []).Add(use);
        if (_removed.Count > _uses.Count / 2)
            Settled();
    }

    public void Clear()
    {
        _uses.Clear();
        _removed = null;
    }

    public List<ValueUse>.Enumerator GetEnumerator() => Settled().GetEnumerator();

    IEnumerator<ValueUse> IEnumerable<ValueUse>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<ValueUse> Settled()
    {
        if (_removed is { } removed)
        {
            _uses.RemoveAll(removed.Contains);
            _removed = null;
        }

        return _uses;
    }
}
