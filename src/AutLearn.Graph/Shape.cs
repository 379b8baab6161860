using System.Collections;
using System.Collections.Immutable;

namespace AutLearn.Graph;

/// <summary>An immutable tensor shape of known rank. A shape of unknown rank is a null <see cref="Shape"/>.</summary>
public sealed class Shape : IReadOnlyList<Dimension>, IEquatable<Shape>
{
    // NumPy's limit; exporters stay below 10. Shapes of thousands of axes would make every node as large.
    internal const int LargestRank = 64;

    // So that the bytes of the widest element type can be counted.
    internal const long LargestCount = long.MaxValue / 16;

    private readonly ImmutableArray<Dimension> _dimensions;

    /// <summary>Creates a shape.</summary>
    public Shape(params ReadOnlySpan<Dimension> dimensions) => _dimensions = [.. dimensions];

    /// <summary>Creates a shape.</summary>
    public Shape(IEnumerable<Dimension> dimensions) => _dimensions = [.. dimensions];

    /// <summary>Gets the shape of rank 0.</summary>
    public static Shape Scalar { get; } = new(ReadOnlySpan<Dimension>.Empty);

    /// <summary>Gets the number of dimensions.</summary>
    public int Rank => _dimensions.Length;

    /// <inheritdoc/>
    int IReadOnlyCollection<Dimension>.Count => Rank;

    /// <summary>Gets a value indicating whether every dimension is a number.</summary>
    public bool IsStatic => _dimensions.All(d => d.IsKnown);

    /// <summary>Gets a value indicating whether a machine could hold such a tensor: at most 64 axes, and sizes whose product leaves room for arithmetic on bytes.</summary>
    /// <remarks>Models are read and inferred with such shapes only. Sizes of 0 count as 1, since other axes are multiplied too; symbols count as 1.</remarks>
    internal bool IsPlausible
    {
        get
        {
            long product = 1;
            foreach (Dimension dimension in _dimensions)
            {
                long size = dimension.IsKnown ? Math.Max(dimension.Size, 1) : 1;
                if (size > LargestCount / product)
                    return false;
                product *= size;
            }

            return Rank <= LargestRank;
        }
    }

    /// <summary>Gets a dimension.</summary>
    /// <param name="index">In [0, <see cref="Rank"/>).</param>
    public Dimension this[int index] => _dimensions[index];

    /// <summary>Creates a shape of known sizes.</summary>
    public static Shape Of(ReadOnlySpan<long> sizes)
    {
        var dimensions = new Dimension[sizes.Length];
        for (int i = 0; i < sizes.Length; i++)
            dimensions[i] = Dimension.Of(sizes[i]);
        return new(dimensions);
    }

    /// <summary>Gets the number of elements, or null where a dimension is not a number.</summary>
    /// <exception cref="OverflowException">The product does not fit an Int64.</exception>
    public long? ElementCount()
    {
        long count = 1;
        foreach (Dimension dimension in _dimensions)
        {
            if (!dimension.IsKnown)
                return null;
            count = checked(count * dimension.Size);
        }

        return count;
    }

    /// <summary>Gets the sizes.</summary>
    /// <exception cref="InvalidOperationException">A dimension is not a number.</exception>
    public long[] ToSizes() => [.. _dimensions.Select(d => d.Size)];

    /// <summary>Returns a copy with one dimension replaced.</summary>
    public Shape With(int index, Dimension dimension) => new(_dimensions.SetItem(index, dimension));

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && _dimensions.AsSpan().SequenceEqual(other._dimensions.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (Dimension dimension in _dimensions)
            hash.Add(dimension);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public IEnumerator<Dimension> GetEnumerator() => ((IEnumerable<Dimension>)_dimensions).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => Rank <= LargestRank ? $"[{string.Join(",", _dimensions)}]" : $"[{string.Join(",", _dimensions.Take(LargestRank))},... {Rank} axes]";
}
