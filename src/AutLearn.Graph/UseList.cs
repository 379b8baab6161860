using System.Collections;

namespace AutLearn.Graph;

/// <summary>Where a value is read, in the order in which the reads were added. Adding and removing take constant time on average.</summary>
internal sealed class UseList : IReadOnlyList<ValueUse>
{
    // Below, searching is faster than a set.
    private const int Few = 16;

    // Most values are read once; a list for each would be a tenth of a graph.
    private ValueUse? _only;
    private List<ValueUse>? _many;
    private HashSet<ValueUse>? _removed;

    public int Count => _many is null ? (_only is null ? 0 : 1) : _many.Count - (_removed?.Count ?? 0);

    public ValueUse this[int index]
    {
        get
        {
            if (_many is not null)
                return Settled(_many)[index];
            ArgumentOutOfRangeException.ThrowIfNotEqual(index, 0);
            return _only ?? throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    public void Add(ValueUse use)
    {
        if (_removed?.Remove(use) == true)
            return;
        if (_many is not null)
        {
            _many.Add(use);
        }
        else if (_only is { } other)
        {
            _many = [other, use];
            _only = null;
        }
        else
        {
            _only = use;
        }
    }

    /// <summary>Removes a use that is in the list.</summary>
    public void Remove(ValueUse use)
    {
        if (_many is null)
        {
            _only = null;
            return;
        }

        if (_many.Count <= Few)
        {
            Settled(_many).Remove(use);
            return;
        }

        // Taken out when someone looks, or when half of the list is gone.
        (_removed ??= []).Add(use);
        if (_removed.Count > _many.Count / 2)
            Settled(_many);
    }

    public void Clear()
    {
        _only = null;
        _many = null;
        _removed = null;
    }

    public Enumerator GetEnumerator() => new(_only, _many is null ? null : Settled(_many));

    IEnumerator<ValueUse> IEnumerable<ValueUse>.GetEnumerator()
    {
        foreach (ValueUse use in this)
            yield return use;
    }

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<ValueUse>)this).GetEnumerator();

    private List<ValueUse> Settled(List<ValueUse> uses)
    {
        if (_removed is { } removed)
        {
            uses.RemoveAll(removed.Contains);
            _removed = null;
        }

        return uses;
    }

    /// <summary>Walks the uses; changes in between are errors where there are several.</summary>
    internal struct Enumerator(ValueUse? only, List<ValueUse>? many)
    {
        private readonly bool _isList = many is not null;
        private ValueUse? _only = only;
        private List<ValueUse>.Enumerator _many = many is null ? default : many.GetEnumerator();

        public ValueUse Current { get; private set; }

        public bool MoveNext()
        {
            if (_isList)
            {
                bool any = _many.MoveNext();
                Current = _many.Current;
                return any;
            }

            if (_only is not { } use)
                return false;
            Current = use;
            _only = null;
            return true;
        }
    }
}
