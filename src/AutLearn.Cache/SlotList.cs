namespace AutLearn.Cache;

/// <summary>Doubly linked lists of slots threaded through two shared arrays, so that moving a row allocates nothing.</summary>
internal struct SlotList
{
    public const int None = -1;

    private readonly int[] _next;
    private readonly int[] _previous;
    private int _last;

    public SlotList(int[] next, int[] previous)
    {
        _next = next;
        _previous = previous;
        First = None;
        _last = None;
    }

    public int First { get; private set; }

    public int Count { get; private set; }

    public void Append(int slot)
    {
        _next[slot] = None;
        _previous[slot] = _last;
        if (_last == None)
            First = slot;
        else
            _next[_last] = slot;
        _last = slot;
        Count++;
    }

    public void Prepend(int slot)
    {
        _next[slot] = First;
        _previous[slot] = None;
        if (First == None)
            _last = slot;
        else
            _previous[First] = slot;
        First = slot;
        Count++;
    }

    public void Remove(int slot)
    {
        int next = _next[slot];
        int previous = _previous[slot];
        if (previous == None)
            First = next;
        else
            _next[previous] = next;
        if (next == None)
            _last = previous;
        else
            _previous[next] = previous;
        Count--;
    }
}
