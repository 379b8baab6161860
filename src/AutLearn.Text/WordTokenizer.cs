using AutLearn.Text.Unicode;

namespace AutLearn.Text;

/// <summary>Finds the words, numbers, emoji, addresses and marks of a text in any language.</summary>
/// <remarks>
/// <para>Words are those of UAX #29 (<see cref="WordBreaks"/>), with tailorings that it allows: <c>10:30</c> is one number, but a colon
/// joins no letters; the last point belongs to an abbreviation of single letters (<c>U.S.</c>, <c>e.g.</c>); a point between a word in
/// lower case and a capital ends a sentence; each keycap stands alone; and web and mail addresses, <c>@names</c> and <c>#topics</c> are whole.</para>
/// <para>Blanks, controls, marks without a base and unpaired surrogates belong to no token. Time grows with the length of the text,
/// whatever it holds; nothing is allocated. Safe for use by several threads.</para>
/// </remarks>
public static class WordTokenizer
{
    private const char ZeroWidthSpace = '\u200B';
    private const char Keycap = '\u20E3';
    private const char TextVariation = '\uFE0E';

    /// <summary>Lists the tokens of a text.</summary>
    public static TokenSequence Tokenize(ReadOnlySpan<char> text) => new(text);

    /// <summary>Finds the next token.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to begin: 0, or the end of a token.</param>
    /// <returns>The token; one of length 0 at the text's end where there is none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="from"/> is outside of the text.</exception>
    public static TextToken Next(ReadOnlySpan<char> text, int from)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, text.Length);
        int i = from;
        while (i < text.Length)
        {
            char c = text[i];
            if (char.IsAsciiLetterOrDigit(c))
                return FromAscii(text, i);
            if (char.IsWhiteSpace(c) || char.IsControl(c) || c == ZeroWidthSpace)
            {
                i++;
                continue;
            }

            if (c is '@' or '#' or '\uFF20' or '\uFF03' && MarkedEnd(text, i) is var end && end > i)
                return new(i, end - i, c is '@' or '\uFF20' ? TokenKind.Mention : TokenKind.Tag);
            if (Segment(text, i) is { Length: > 0 } token)
                return token;
            i = WordBreaks.Next(text, i);
        }

        return new(text.Length, 0, TokenKind.Symbol);
    }

    // Most tokens are plain words with a blank behind them; the others take the general way.
    private static TextToken FromAscii(ReadOnlySpan<char> text, int start)
    {
        int i = start;
        bool hasLetter = false;
        while (i < text.Length && char.IsAsciiLetterOrDigit(text[i]))
            hasLetter |= char.IsAsciiLetter(text[i++]);
        TokenKind kind = hasLetter ? TokenKind.Word : TokenKind.Number;
        if (i == text.Length)
            return new(start, i - start, kind);
        char next = text[i];
        if (next is '.' or ':' or '@' or '-' or '_' or '%' or '+' or '/')
        {
            int end = IsInsideWord(text, start) ? start : WebAddress.End(text, start, i);
            if (end > start)
                return new(start, end - start, TokenKind.Address);
            return Segment(text, start);
        }

        bool isPlain = next < 0x80 && next != '\'' && (next is not (',' or ';') || !char.IsAsciiDigit(text[i - 1]));
        return isPlain ? new(start, i - start, kind) : Segment(text, start);
    }

    // An empty token for what is not seen.
    private static TextToken Segment(ReadOnlySpan<char> text, int start)
    {
        CharacterClass first = CharacterClass.At(text, start, out int length);
        int end = WordBreaks.NextForTokens(text, start);
        ReadOnlySpan<char> segment = text[start..end];
        if (first.WordBreak is WordBreakClass.Extend or WordBreakClass.Format or WordBreakClass.ZeroWidthJoiner)
            return first.IsEmoji ? new(start, length, TokenKind.Emoji) : default;
        if (length == 1 && char.IsSurrogate(text[start]))
            return default;
        if (first.WordBreak == WordBreakClass.RegionalIndicator || first.IsEmoji || segment[^1] == Keycap
            || (first.IsPictographic && segment.Length > length && segment[^1] != TextVariation))
            return new(start, segment.Length, TokenKind.Emoji);
        if (!first.IsAlphanumeric && first.WordBreak is not (WordBreakClass.Letter or WordBreakClass.HebrewLetter or WordBreakClass.Katakana or WordBreakClass.Numeric or WordBreakClass.ExtendNumLet))
            return new(start, segment.Length, TokenKind.Symbol);
        if (end < text.Length && text[end] == '.' && IsAbbreviation(segment))
            return new(start, segment.Length + 1, TokenKind.Word);

        // 10:30 and 10:30pm; each turn takes one more segment.
        while (end + 1 < text.Length && text[end] == ':' && char.IsAsciiDigit(text[end - 1]) && char.IsAsciiDigit(text[end + 1]))
            end = WordBreaks.NextForTokens(text, end + 1);
        return new(start, end - start, KindOf(text[start..end]));
    }

    private static bool IsAbbreviation(ReadOnlySpan<char> segment)
    {
        if (segment.Length < 3 || (segment.Length & 1) == 0)
            return false;
        for (int i = 0; i < segment.Length; i++)
        {
            if ((i & 1) == 0 ? !char.IsLetter(segment[i]) : segment[i] != '.')
                return false;
        }

        return true;
    }

    private static TokenKind KindOf(ReadOnlySpan<char> segment)
    {
        bool hasNumber = false;
        for (int i = 0; i < segment.Length;)
        {
            CharacterClass c = CharacterClass.At(segment, i, out int length);
            if (c.WordBreak == WordBreakClass.Numeric)
                hasNumber = true;
            else if (c.IsAlphanumeric || c.WordBreak is WordBreakClass.Letter or WordBreakClass.HebrewLetter or WordBreakClass.Katakana)
                return TokenKind.Word;
            i += length;
        }

        return hasNumber ? TokenKind.Number : TokenKind.Symbol;
    }

    // The end of an @name or #topic that begins at an index; the index itself where none does.
    private static int MarkedEnd(ReadOnlySpan<char> text, int start)
    {
        int i = start + 1;
        if (!IsNamePart(text, i, out int length, isFirst: true) || IsInsideWord(text, start))
            return start;
        while (IsNamePart(text, i, out length, isFirst: false))
            i += length;

        // The keycap of a digit is an emoji behind the name.
        return i;
    }

    private static bool IsNamePart(ReadOnlySpan<char> text, int index, out int length, bool isFirst)
    {
        CharacterClass c = CharacterClass.At(text, index, out length);
        return c.IsAlphanumeric || (index < text.Length && text[index] == '_')
            || (!isFirst && !c.IsEmoji && text[index..] is [not Keycap, ..] && c.WordBreak is WordBreakClass.Extend or WordBreakClass.ZeroWidthJoiner);
    }

    private static bool IsInsideWord(ReadOnlySpan<char> text, int index) =>
        index > 0 && (text[index - 1] == '_' || char.IsLetterOrDigit(text[index - 1]));
}
