using System.Globalization;

namespace AutLearn.Graph.Inference;

/// <summary>Arithmetic on dimensions: products of a number and symbols in one canonical form, so that equal products are equal symbols.</summary>
/// <remarks>A sum or an inexact quotient becomes an atom of its own, such as <c>(N+1)</c> or <c>(N/2)</c>.</remarks>
internal static class SymbolicSize
{
    private const int MaxLength = 200;

    public static Dimension Multiply(Dimension a, Dimension b)
    {
        if (a.Is(0) || b.Is(0))
            return 0;
        if (!TryParse(a, out long left, out List<string> leftAtoms) || !TryParse(b, out long right, out List<string> rightAtoms))
            return Dimension.Unknown;
        try
        {
            leftAtoms.AddRange(rightAtoms);
            return Format(checked(left * right), leftAtoms);
        }
        catch (OverflowException)
        {
            return Dimension.Unknown;
        }
    }

    /// <summary>Divides; exact where factors cancel.</summary>
    public static Dimension Divide(Dimension a, Dimension b)
    {
        if (b.Is(0) || !TryParse(a, out long left, out List<string> atoms) || !TryParse(b, out long right, out List<string> divisors))
            return Dimension.Unknown;
        foreach (string divisor in divisors)
        {
            if (!atoms.Remove(divisor))
                return Atom($"({a}/{b})");
        }

        if (right == 0)
            return Dimension.Unknown;
        if (left % right == 0)
            return Format(left / right, atoms);
        return atoms.Count == 0 ? left / right : Atom($"({a}/{b})");
    }

    public static Dimension Add(Dimension a, Dimension b)
    {
        if (a.Is(0))
            return b;
        if (b.Is(0))
            return a;
        if (a.IsKnown && b.IsKnown)
            return a.Size > long.MaxValue - 1 - b.Size ? Dimension.Unknown : a.Size + b.Size;
        if (!IsNamed(a) || !IsNamed(b))
            return Dimension.Unknown;
        string first = a.ToString();
        string second = b.ToString();
        return string.CompareOrdinal(first, second) <= 0 ? Atom($"({first}+{second})") : Atom($"({second}+{first})");
    }

    /// <summary>Gets k of k times a symbol.</summary>
    public static long? MultipleOf(Dimension dimension, string symbol) =>
        TryParse(dimension, out long factor, out List<string> atoms) && atoms is [var only] && only == symbol ? factor : null;

    private static bool IsNamed(Dimension dimension) => dimension.IsKnown || dimension.Symbol is { Length: <= MaxLength };

    private static Dimension Atom(string text) => text.Length <= MaxLength ? text : Dimension.Unknown;

    private static bool TryParse(Dimension dimension, out long factor, out List<string> atoms)
    {
        atoms = [];
        factor = 1;
        if (dimension.IsKnown)
        {
            factor = dimension.Size;
            return true;
        }

        if (dimension.Symbol is not { Length: <= MaxLength } symbol)
            return false;
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= symbol.Length; i++)
        {
            if (i < symbol.Length)
            {
                depth += symbol[i] == '(' ? 1 : symbol[i] == ')' ? -1 : 0;
                if (symbol[i] != '*' || depth > 0)
                    continue;
            }

            string part = symbol[start..i];
            start = i + 1;
            if (long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                if (number != 0 && factor > long.MaxValue / number)
                    return false;
                factor *= number;
            }
            else
            {
                atoms.Add(part);
            }
        }

        return true;
    }

    private static Dimension Format(long factor, List<string> atoms)
    {
        if (factor < 0 || factor == long.MaxValue)
            return Dimension.Unknown;
        if (atoms.Count == 0)
            return factor;
        atoms.Sort(StringComparer.Ordinal);
        string product = string.Join('*', atoms);
        return Atom(factor == 1 ? product : string.Create(CultureInfo.InvariantCulture, $"{factor}*{product}"));
    }
}
