using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>The optimizer state of a checkpoint.</summary>
/// <param name="Name">The group; the official engine knows only <c>group0</c>.</param>
/// <param name="Step">The updates made.</param>
/// <param name="InitialLearningRate">The learning rate that a scheduler starts from.</param>
/// <param name="Moments">By parameter, then by name (<c>momentum0</c>, <c>momentum1</c>).</param>
public sealed record OfficialOptimizerGroup(
    string Name,
    long Step,
    float InitialLearningRate,
    ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, Tensor>> Moments);
