using AutLearn.Graph;

namespace AutLearn.Cloud.Commands;

/// <summary>A network for text, built when the words are known.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Build">Reads or builds it.</param>
internal sealed record TextRecipe(string Name, Func<TextSizes, OnnxModel> Build);

/// <summary>What of the data decides a network's sizes.</summary>
/// <param name="Words">Distinct tokens.</param>
/// <param name="Classes">Classes; 0 for a language model.</param>
/// <param name="Padding">The token that fills rows up.</param>
internal readonly record struct TextSizes(int Words, int Classes, int Padding);
