using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>A network for text, built when the words are known.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Build">Reads or builds it.</param>
internal sealed record TextRecipe(string Name, Func<TextSizes, OnnxModel> Build)
{
    /// <summary>Gets the tokenizer that the network carries, which numbers its words; null where the data decide them.</summary>
    public TextArtifacts? Text { get; init; }

    /// <summary>Gets the names of the classes that the network carries; empty where the data decide them.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];
}

/// <summary>What of the data decides a network's sizes.</summary>
/// <param name="Words">Distinct tokens.</param>
/// <param name="Classes">Classes; 0 for a language model.</param>
/// <param name="Padding">The token that fills rows up.</param>
internal readonly record struct TextSizes(int Words, int Classes, int Padding);
