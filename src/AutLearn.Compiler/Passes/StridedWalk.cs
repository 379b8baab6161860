namespace AutLearn.Compiler.Passes;

/// <summary>Visits, for each element of a result in row-major order, the flat source index that strides and an offset lead to.</summary>
internal ref struct StridedWalk
{
    private readonly ReadOnlySpan<long> _sizes;
    private readonly ReadOnlySpan<long> _strides;
    private readonly long[] _position;

    public StridedWalk(ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, long offset)
    {
        _sizes = sizes;
        _strides = strides;
        _position = new long[sizes.Length];
        Index = offset;
    }

    /// <summary>Gets the source index of the current element; the first one's to begin with.</summary>
    public long Index { get; private set; }

    public void MoveNext()
    {
        for (int d = _sizes.Length - 1; d >= 0; d--)
        {
            Index += _strides[d];
            if (++_position[d] < _sizes[d])
                return;
            Index -= _strides[d] * _sizes[d];
            _position[d] = 0;
        }
    }
}
