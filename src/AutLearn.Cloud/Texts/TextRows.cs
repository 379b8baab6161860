using System.Collections.Immutable;

namespace AutLearn.Cloud.Texts;

/// <summary>Texts as rows of tokens with what a model shall say of them.</summary>
/// <param name="Tokens">The tokens of each row.</param>
/// <param name="Labels">Of each row: its class, or the token that follows each of its tokens; empty where unknown.</param>
/// <param name="Texts">The sentence of each row; empty for a language model, whose rows hold pieces of several.</param>
internal sealed record TextRows(ImmutableArray<long[]> Tokens, ImmutableArray<long[]> Labels, ImmutableArray<string> Texts)
{
    public int Count => Tokens.Length;

    /// <summary>Gets the tokens of the longest row.</summary>
    public int Longest => Tokens.Max(t => t.Length);

    /// <summary>Takes some rows.</summary>
    public TextRows Pick(ImmutableArray<int> rows) => new(
        [.. rows.Select(r => Tokens[r])],
        Labels.IsEmpty ? [] : [.. rows.Select(r => Labels[r])],
        Texts.IsEmpty ? [] : [.. rows.Select(r => Texts[r])]);
}
