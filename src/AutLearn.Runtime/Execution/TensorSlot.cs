using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Execution;

/// <summary>A tensor that a run reads or writes, its shape a template over the sizes of one run.</summary>
internal sealed class TensorSlot
{
    // A dimension is its size, -1 - i for the i-th symbol, or open: only the run tells it.
    private const long Open = long.MinValue;

    private readonly long[] _template;
    private readonly bool _hasAnyRank;

    /// <summary>Creates a slot.</summary>
    /// <param name="spec">The tensor.</param>
    /// <param name="symbols">The symbols so far.</param>
    /// <param name="mayAddSymbols">Whether the tensor, an input, settles sizes. A size that an output alone has stays open.</param>
    public TensorSlot(TensorSpec spec, List<string> symbols, bool mayAddSymbols)
    {
        Name = spec.Name;
        ElementType = spec.ElementType;
        _hasAnyRank = !mayAddSymbols && spec.HasAnyRank;
        Shape shape = spec.ToShape();
        _template = new long[shape.Rank];
        for (int i = 0; i < _template.Length; i++)
        {
            if (shape[i].Symbol is not { } symbol)
            {
                _template[i] = shape[i].Size;
                continue;
            }

            int index = symbols.IndexOf(symbol);
            if (index < 0)
            {
                if (!mayAddSymbols)
                {
                    _template[i] = Open;
                    IsOpen = true;
                    continue;
                }

                index = symbols.Count;
                symbols.Add(symbol);
            }

            _template[i] = -1 - index;
        }
    }

    public string Name { get; }

    public ElementType ElementType { get; }

    public int Rank => _template.Length;

    /// <summary>Gets a value indicating whether the run decides a size, so that nobody can make room before.</summary>
    public bool IsOpen { get; }

    /// <summary>Gets a value indicating whether the batch alone decides the shape.</summary>
    public bool DependsOnBatchAlone => !_template.Any(d => d < -1);

    /// <summary>Gets a value indicating whether the tensor lies in memory row by row.</summary>
    public bool HasRowsFirst => _template.Length > 0 && _template[0] == -1 && !_template.AsSpan(1).Contains(-1);

    /// <summary>Makes room; of an open size none yet.</summary>
    public TensorBuffer Allocate(ReadOnlySpan<long> sizes)
    {
        Span<long> dimensions = stackalloc long[_template.Length];
        for (int i = 0; i < dimensions.Length; i++)
            dimensions[i] = _template[i] >= 0 ? _template[i] : _template[i] == Open ? 0 : sizes[(int)(-1 - _template[i])];
        return new(ElementType, dimensions);
    }

    /// <summary>Tells whether the shape that a run gave agrees with the template where that is settled.</summary>
    public bool Allows(ReadOnlySpan<long> dimensions, ReadOnlySpan<long> sizes)
    {
        if (_hasAnyRank || dimensions.Length != _template.Length)
            return _hasAnyRank;
        for (int i = 0; i < dimensions.Length; i++)
        {
            long expected = _template[i] is >= 0 or Open ? _template[i] : sizes[(int)(-1 - _template[i])];
            if (expected != Open && expected != dimensions[i])
                return false;
        }

        return true;
    }

    /// <summary>Reads the sizes off an actual shape.</summary>
    /// <param name="dimensions">The actual shape.</param>
    /// <param name="sizes">By symbol; 0 where not settled yet.</param>
    /// <returns>Whether the shape fits the template and the sizes settled before.</returns>
    public bool TryMatch(ReadOnlySpan<long> dimensions, Span<long> sizes)
    {
        if (dimensions.Length != _template.Length)
            return false;
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (_template[i] >= 0)
            {
                if (_template[i] != dimensions[i])
                    return false;
                continue;
            }

            ref long size = ref sizes[(int)(-1 - _template[i])];
            if (dimensions[i] < 1 || (size != 0 && size != dimensions[i]))
                return false;
            size = dimensions[i];
        }

        return true;
    }

    /// <summary>Gets the elements of one row; the batch is the first symbol.</summary>
    public long ElementsPerRow()
    {
        long count = 1;
        foreach (long dimension in _template)
            count = checked(count * (dimension == -1 ? 1 : dimension));
        return count;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {ElementType}[{string.Join(",", _template.Select(d => d >= 0 ? d.ToString(System.Globalization.CultureInfo.InvariantCulture) : d == -1 ? "rows" : "?"))}]";
}
