namespace AutLearn.Graph.Inference;

/// <summary>An integer that is a number or a symbolic size; neither means it is unknown.</summary>
public readonly record struct SymbolicInt
{
    internal SymbolicInt(long number)
    {
        Number = number;
        Size = number is >= 0 and < long.MaxValue ? number : Dimension.Unknown;
    }

    internal SymbolicInt(Dimension size)
    {
        Size = size;
        Number = size.IsKnown ? size.Size : null;
    }

    /// <summary>Gets the number; null where it is not known.</summary>
    public long? Number { get; }

    /// <summary>Gets it as a size: a number, a symbol, or unknown.</summary>
    public Dimension Size { get; }

    internal static SymbolicInt? Apply(string op, SymbolicInt a, SymbolicInt b)
    {
        if (a.Number is { } x && b.Number is { } y)
        {
            Int128 wide = op switch
            {
                "Add" => (Int128)x + y,
                "Sub" => (Int128)x - y,
                "Mul" => (Int128)x * y,
                _ => y == 0 ? Int128.MaxValue : (Int128)x / y,
            };
            return wide < long.MinValue || wide > long.MaxValue ? null : new SymbolicInt((long)wide);
        }

        return op switch
        {
            "Add" when IsSize(a) && IsSize(b) => new SymbolicInt(SymbolicSize.Add(a.Size, b.Size)),
            "Mul" when IsSize(a) && IsSize(b) => new SymbolicInt(SymbolicSize.Multiply(a.Size, b.Size)),
            "Div" when IsSize(a) && IsSize(b) => new SymbolicInt(SymbolicSize.Divide(a.Size, b.Size)),
            _ => new SymbolicInt(Dimension.Unknown),
        };
    }

    private static bool IsSize(SymbolicInt value) => value.Number is null or >= 0;
}
