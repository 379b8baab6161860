namespace AutLearn.Compiler.Gradients;

/// <summary>What a graph alone tells about the elements of a value.</summary>
/// <param name="Low">No element that is a number lies below.</param>
/// <param name="High">No element that is a number lies above.</param>
internal readonly record struct NumericRange(double Low, double High)
{
    /// <summary>Nothing but that the elements are finite, as those of parameters, products and inputs are taken to be.</summary>
    public static readonly NumericRange Unknown = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Gets a value indicating whether an element may be infinite while the loss is finite.</summary>
    public bool MayBeInfinite { get; init; }

    /// <summary>Gets a value indicating whether an element may be no number while the loss is finite.</summary>
    public bool MayBeNaN { get; init; }

    /// <summary>Gets a value indicating whether the elements are what an input was fed, perhaps moved or scaled: a mask is.</summary>
    public bool IsFed { get; init; }

    /// <summary>Gets a value indicating whether something fed was added, so that a mask's infinities may be among the elements.</summary>
    public bool IsMasked { get; init; }

    public bool IsFinite => !MayBeInfinite && !MayBeNaN;

    /// <summary>Gets a value indicating whether an infinity, if only that of a mask, may meet another one.</summary>
    public bool MayCancel => MayBeInfinite || IsMasked || IsFed;

    public bool HoldsZero => Low <= 0 && High >= 0;

    public NumericRange Within(double low, double high) => this with { Low = low, High = high };

    /// <summary>The same bounds for what is no longer a mask.</summary>
    public NumericRange Computed() => this with { IsFed = false, IsMasked = false };

    public NumericRange Union(NumericRange other) => new(Math.Min(Low, other.Low), Math.Max(High, other.High))
    {
        MayBeInfinite = MayBeInfinite || other.MayBeInfinite,
        MayBeNaN = MayBeNaN || other.MayBeNaN,
        IsFed = IsFed && other.IsFed,
        IsMasked = IsMasked || other.IsMasked,
    };
}
