namespace AutLearn.Graph.Artifacts;

/// <summary>What cuts a text into tokens.</summary>
public enum TextTokenizerKind
{
    /// <summary>Words of UAX #29 and a list of them, one a line by number: the tokenizer of <c>AutLearn.Text</c>.</summary>
    Words,

    /// <summary>WordPiece as BERT has it: one file, a piece a line by number (<c>vocab.txt</c>).</summary>
    WordPiece,

    /// <summary>Byte-level byte pairs as GPT-2 has them: two files, pieces with their numbers (<c>vocab.json</c>) and merges (<c>merges.txt</c>).</summary>
    BytePairs,

    /// <summary>SentencePiece: one file, its model (<c>.model</c>).</summary>
    SentencePiece,
}
