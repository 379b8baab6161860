namespace AutLearn.Text;

/// <summary>What a token is.</summary>
public enum TokenKind : byte
{
    /// <summary>A word: at least one letter of any script; one ideograph or kana where a script separates none.</summary>
    Word,

    /// <summary>Digits with the marks between them, such as 3.14, 1,000 or 10:30.</summary>
    Number,

    /// <summary>One emoji with all that belongs to it: joiners, skin tone, the second half of a flag, keycap.</summary>
    Emoji,

    /// <summary>A web or mail address.</summary>
    Address,

    /// <summary>A person addressed by <c>@</c>.</summary>
    Mention,

    /// <summary>A topic marked by <c>#</c>.</summary>
    Tag,

    /// <summary>One punctuation mark or symbol, or a run of underscores.</summary>
    Symbol,
}
