using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>How a text becomes a model's input: tokens by number, cut to a length, filled up, with what tells filling from text.</summary>
/// <remarks>Immutable; safe for use by several threads.</remarks>
public sealed record TextSpec
{
    /// <summary>The most tokens that a row may have.</summary>
    public const int LongestRow = 1 << 16;

    /// <summary>Gets what cuts a text.</summary>
    public required TextTokenizerKind Tokenizer { get; init; }

    /// <summary>Gets the tokenizer's files among those of the artifacts, in the order that the kind names.</summary>
    public required ImmutableArray<string> Files { get; init; }

    /// <summary>Gets the input that takes the tokens, Int64 or Int32 [N, T].</summary>
    public required string Tokens { get; init; }

    /// <summary>Gets the input that is 1 where a token is text and 0 where it fills up (Int64, Int32, Float32 or Bool [N, T]); null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Mask { get; init; }

    /// <summary>Gets the input that numbers the sentences of a pair (Int64 or Int32 [N, T]), all 0 for one; null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Segments { get; init; }

    /// <summary>Gets the most tokens of a row, special ones included; what is longer loses its end.</summary>
    /// <value>From 1 to <see cref="LongestRow"/>.</value>
    public required int MaxLength { get; init; }

    /// <summary>Gets whether every row has <see cref="MaxLength"/> tokens, and not as many as the longest of its batch.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool PadsToMaxLength { get; init; }

    /// <summary>Gets the token that fills rows up.</summary>
    public required int Padding { get; init; }

    /// <summary>Gets the token before a text; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Start { get; init; }

    /// <summary>Gets the token behind a text or line; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? End { get; init; }

    /// <summary>Gets whether the tokenizer reads letters in lower case, of <see cref="TextTokenizerKind.WordPiece"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsLowerCase { get; init; }

    /// <summary>Gets whether accents are dropped, of <see cref="TextTokenizerKind.WordPiece"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DropsAccents { get; init; }

    /// <summary>Gets whether a text begins as if a blank stood before it, of <see cref="TextTokenizerKind.BytePairs"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AddsPrefixBlank { get; init; }

    /// <summary>Tells what is wrong, in words that end a sentence; null where nothing is.</summary>
    public string? Problem()
    {
        int files = Tokenizer == TextTokenizerKind.BytePairs ? 2 : 1;
        return !Enum.IsDefined(Tokenizer) ? "its tokenizer is not known"
            : Files.IsDefaultOrEmpty || Files.Length != files ? $"a tokenizer of kind {Tokenizer} has {files} files"
            : Files.Any(string.IsNullOrWhiteSpace) || Files.Distinct(StringComparer.Ordinal).Count() != files ? "a file of its tokenizer has no name, or the same as another"
            : string.IsNullOrWhiteSpace(Tokens) ? "it names no input of tokens"
            : MaxLength is < 1 or > LongestRow ? $"rows of {MaxLength} tokens are not between 1 and {LongestRow}"
            : Padding < 0 || Start < 0 || End < 0 ? "a special token is negative"
            : MaxLength <= (Start is null ? 0 : 1) + (End is null ? 0 : 1) ? "its rows hold no more than the special tokens"
            : null;
    }
}
