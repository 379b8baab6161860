using System.Globalization;
using AutLearn.Graph.Inference;

namespace AutLearn.Graph;

/// <summary>One dimension of a shape: a number, a symbol such as <c>batch</c>, or unknown.</summary>
/// <remarks>Two unknown dimensions are equal as values, but that says nothing about their sizes; see <see cref="IsSameSizeAs"/>.</remarks>
public readonly record struct Dimension
{
    private readonly long _sizePlusOne;

    private Dimension(long sizePlusOne, string? symbol)
    {
        _sizePlusOne = sizePlusOne;
        Symbol = symbol;
    }

    /// <summary>Gets the dimension about which nothing is known.</summary>
    public static Dimension Unknown => default;

    /// <summary>Gets the symbol, or null.</summary>
    public string? Symbol { get; }

    /// <summary>Gets a value indicating whether the size is a number.</summary>
    public bool IsKnown => _sizePlusOne != 0;

    /// <summary>Gets the size.</summary>
    /// <exception cref="InvalidOperationException">The size is not a number.</exception>
    public long Size => IsKnown ? _sizePlusOne - 1 : throw new InvalidOperationException($"Dimension '{this}' has no known size.");

    /// <summary>Creates a dimension of a known size.</summary>
    /// <param name="size">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative or the largest Int64.</exception>
    public static Dimension Of(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfEqual(size, long.MaxValue);
        return new(size + 1, null);
    }

    /// <summary>Creates a symbolic dimension.</summary>
    /// <param name="symbol">Not empty; equal symbols mean equal sizes within one model.</param>
    public static Dimension Of(string symbol)
    {
        ArgumentException.ThrowIfNullOrEmpty(symbol);
        return new(0, symbol);
    }

    /// <summary>Creates a dimension of a known size.</summary>
    public static implicit operator Dimension(long size) => Of(size);

    /// <summary>Creates a symbolic dimension.</summary>
    public static implicit operator Dimension(string symbol) => Of(symbol);

    /// <summary>Creates a dimension of a known size.</summary>
    public static Dimension FromInt64(long size) => Of(size);

    /// <summary>Creates a symbolic dimension.</summary>
    public static Dimension FromString(string symbol) => Of(symbol);

    /// <summary>Tells whether both dimensions certainly have the same size.</summary>
    public bool IsSameSizeAs(Dimension other) => (IsKnown || Symbol is not null) && this == other;

    /// <summary>Tells whether the size is certainly the given number.</summary>
    public bool Is(long size) => IsKnown && Size == size;

    /// <summary>Gets k where the size is k times a symbol alone, 1 where it is the symbol itself; null for other sizes.</summary>
    /// <param name="symbol">A symbol, such as the batch's.</param>
    public long? MultipleOf(string symbol) => SymbolicSize.MultipleOf(this, symbol);

    /// <inheritdoc/>
    public override string ToString() =>
        IsKnown ? Size.ToString(CultureInfo.InvariantCulture) : Symbol ?? "?";
}
