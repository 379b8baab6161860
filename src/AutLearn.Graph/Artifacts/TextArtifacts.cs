using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts;

/// <summary>How text becomes a model's input, with the files of the tokenizer.</summary>
/// <param name="Spec">How.</param>
/// <param name="Files">The content of each file that the specification names.</param>
public sealed record TextArtifacts(TextSpec Spec, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Files)
{
    /// <summary>Tells what is wrong, in words that end a sentence; null where nothing is.</summary>
    public string? Problem() =>
        Spec.Problem() ?? (Spec.Files.FirstOrDefault(f => !Files.ContainsKey(f)) is { } missing ? $"its file '{missing}' is missing" : null);
}
