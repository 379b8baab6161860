namespace AutLearn.Graph;

/// <summary>Members of a graph in order. Those that are members no more stay in the list until someone looks, so that removing many takes one pass.</summary>
internal sealed class MemberList<T>(Predicate<T> isMember)
{
    private readonly List<T> _items = [];
    private bool _hasFormer;

    /// <summary>Gets the members.</summary>
    public IReadOnlyList<T> Items
    {
        get
        {
            if (_hasFormer)
                _items.RemoveAll(i => !isMember(i));
            _hasFormer = false;
            return _items;
        }
    }

    /// <summary>Adds an item that is not yet a member; call before it becomes one.</summary>
    public void Add(T item)
    {
        // It may have been a member before and still stand in its old place.
        if (_hasFormer && !isMember(item))
            _ = Items;
        _items.Add(item);
    }

    /// <summary>Says that some item is a member no more.</summary>
    public void NoteRemoval() => _hasFormer = true;

    /// <summary>Puts the members in another order.</summary>
    public void Reorder(IEnumerable<T> items)
    {
        T[] order = [.. items];
        _items.Clear();
        _items.AddRange(order);
        _hasFormer = false;
    }
}
