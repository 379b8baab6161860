using System.Collections.Immutable;
using AutLearn.Compiler.Preparation;

namespace AutLearn.Compiler;

/// <summary>Which parameters training may change.</summary>
/// <remarks>
/// A parameter is a floating-point constant that a weighted operator (Gemm, MatMul, Conv, LSTM, an embedding's Gather, ...), its bias or a
/// normalisation reads. Running statistics of batch normalisation are never trained by gradients. Immutable; safe for use by several threads.
/// </remarks>
public sealed class TrainableSelection
{
    private TrainableSelection(int layers, ImmutableArray<string> include, ImmutableArray<string> exclude, ParameterKind? kind = null)
    {
        Kind = kind;
        LayerCount = layers;
        Include = include;
        Exclude = exclude;
    }

    /// <summary>Gets the selection of every parameter that influences the scores.</summary>
    public static TrainableSelection All { get; } = new(0, ["*"], []);

    /// <summary>Gets the selection of nothing that the model has: adapters alone are trained.</summary>
    public static TrainableSelection None { get; } = new(0, [], []);

    /// <summary>Gets the selection of every bias, for fine-tuning with a few numbers a layer.</summary>
    /// <remarks>Ben Zaken, Ravfogel and Goldberg, BitFit, arXiv:2106.10199.</remarks>
    public static TrainableSelection Biases { get; } = new(0, [], [], ParameterKind.Bias);

    /// <summary>Gets the selection of the scales and shifts of all normalisations.</summary>
    /// <remarks>Frankle, Schwab and Morcos, arXiv:2003.00152.</remarks>
    public static TrainableSelection Normalizations { get; } = new(0, [], [], ParameterKind.Normalization);

    internal int LayerCount { get; }

    internal ParameterKind? Kind { get; }

    internal ImmutableArray<string> Include { get; }

    internal ImmutableArray<string> Exclude { get; }

    /// <summary>Selects the last layers before the scores.</summary>
    /// <param name="count">At least 1. A layer is a weighted operator with its bias and the normalisation that follows it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public static TrainableSelection LastLayers(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new(count, [], []);
    }

    /// <summary>Selects parameters by name.</summary>
    /// <param name="include">Patterns in which <c>*</c> stands for any characters and <c>?</c> for one; each must fit something. A pattern without either may also name a constant that is no parameter otherwise, such as a scalar.</param>
    /// <param name="exclude">Patterns of which none may fit. One without <c>*</c> and <c>?</c> must name something.</param>
    /// <exception cref="ArgumentException">No pattern includes anything, or one is empty.</exception>
    public static TrainableSelection Patterns(IEnumerable<string> include, IEnumerable<string>? exclude = null)
    {
        ArgumentNullException.ThrowIfNull(include);
        ImmutableArray<string> wanted = [.. include];
        ImmutableArray<string> unwanted = [.. exclude ?? []];
        if (wanted.Length == 0 || wanted.Concat(unwanted).Any(string.IsNullOrEmpty))
            throw new ArgumentException("At least one pattern is needed, and none may be empty.", nameof(include));
        return new(0, wanted, unwanted);
    }

    /// <summary>Selects parameters by name.</summary>
    /// <param name="include">Patterns as in the other overload.</param>
    public static TrainableSelection Patterns(params string[] include) => Patterns(include.AsEnumerable());

    internal bool Includes(string name) => Include.Any(p => Fits(p, name)) && !Exclude.Any(p => Fits(p, name));

    internal bool Names(string name) => Include.Contains(name) && !Exclude.Any(p => Fits(p, name));

    // The classic two-pointer match: on a mismatch, go back to the last star and let it take one character more. Linear memory, no recursion.
    internal static bool Fits(string pattern, string name)
    {
        int p = 0, n = 0, star = -1, mark = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]) && pattern[p] != '*')
            {
                p++;
                n++;
            }
            else if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = n;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }
}
