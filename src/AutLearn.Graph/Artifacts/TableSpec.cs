using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts;

/// <summary>Which columns of a table of numbers a model reads, and which it tells.</summary>
/// <param name="Features">The columns of the input, in its order.</param>
/// <param name="Targets">The columns that the labels are, in their order; one for a class.</param>
public sealed record TableSpec(ImmutableArray<string> Features, ImmutableArray<string> Targets)
{
    /// <summary>Gets the loss that the model learned by, as <see cref="LossSpec.Kind"/>; null where unknown.</summary>
    public string? Loss { get; init; }

    /// <summary>Tells what is wrong with the description.</summary>
    /// <returns>Null where nothing is.</returns>
    public string? Problem() =>
        Features.IsDefaultOrEmpty || Targets.IsDefaultOrEmpty ? "it names no columns"
        : Features.Concat(Targets).Any(string.IsNullOrWhiteSpace) ? "a column has no name"
        : Features.Concat(Targets).GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"column '{twice.Key}' stands twice"
        : null;
}
