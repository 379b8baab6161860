namespace AutLearn.Text.Unicode;

/// <summary>The values of the property Word_Break (UAX #29, table 3), numbered as in <see cref="WordBreakData"/>.</summary>
internal enum WordBreakClass : byte
{
    Other,
    CarriageReturn,
    LineFeed,
    Newline,
    Extend,
    ZeroWidthJoiner,
    RegionalIndicator,
    Format,
    Katakana,
    Letter,
    HebrewLetter,
    Numeric,
    ExtendNumLet,
    MidLetter,
    MidNum,
    MidNumLet,
    SingleQuote,
    DoubleQuote,
    Blank,

    /// <summary>No character: the end of the text.</summary>
    End,
}
