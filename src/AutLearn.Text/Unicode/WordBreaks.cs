namespace AutLearn.Text.Unicode;

/// <summary>Default word boundaries of Unicode 17.0: UAX #29, section 4.</summary>
/// <remarks>Any text is taken, unpaired surrogates too. A text is walked once, whatever it holds; nothing is allocated.</remarks>
public static class WordBreaks
{
    /// <summary>Finds where the segment that begins at a boundary ends.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">A boundary: 0, or what this method returned.</param>
    /// <returns>The next boundary, at most the length; the length itself where <paramref name="from"/> is the end.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="from"/> is outside of the text.</exception>
    public static int Next(ReadOnlySpan<char> text, int from)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, text.Length);
        return Scan(text, from, TokenTailoring.None);
    }

    /// <summary>Finds the end of a segment as <see cref="WordTokenizer"/> wants it: no colon between letters, no point between sentences, keycaps alone.</summary>
    internal static int NextForTokens(ReadOnlySpan<char> text, int from) => Scan(text, from, TokenTailoring.Words);

    private static int Scan(ReadOnlySpan<char> text, int from, TokenTailoring tailoring)
    {
        if (from == text.Length)
            return from;
        CharacterClass first = CharacterClass.At(text, from, out int length);
        int at = from + length;
        WordBreakClass left = first.WordBreak, previous = left;
        if (left == WordBreakClass.CarriageReturn)
            return at < text.Length && text[at] == '\n' ? at + 1 : at;
        if (left is WordBreakClass.LineFeed or WordBreakClass.Newline)
            return at;
        bool isFlagOpen = left == WordBreakClass.RegionalIndicator;

        // 'left' passes over what extends a character (WB4) where 'previous' does not; 'beforeLeft' is the letter or digit in front of it.
        WordBreakClass beforeLeft = WordBreakClass.Other;
        int leftStart = from, partStart = from;
        while (true)
        {
            CharacterClass next = CharacterClass.At(text, at, out length);
            WordBreakClass right = next.WordBreak;
            if (right is WordBreakClass.End or WordBreakClass.CarriageReturn or WordBreakClass.LineFeed or WordBreakClass.Newline)
                return at;
            bool isJoined = previous == WordBreakClass.ZeroWidthJoiner && next.IsPictographic;
            if (right is WordBreakClass.Extend or WordBreakClass.Format or WordBreakClass.ZeroWidthJoiner)
            {
                if (tailoring == TokenTailoring.Words && EndsKeycap(text, leftStart, at))
                    return leftStart == from ? at + 1 : leftStart;
                previous = right;
                at += length;
                continue;
            }

            isJoined |= previous == WordBreakClass.Blank && right == WordBreakClass.Blank;
            if (!isJoined && !IsInside(text, at + length, beforeLeft, left, right, isFlagOpen))
                return at;
            if (tailoring == TokenTailoring.Words && text[at] is '.' or ':')
            {
                if (EndsWord(text, partStart, at))
                    return at;
                partStart = at + 1;
            }

            isFlagOpen = right == WordBreakClass.RegionalIndicator && !isFlagOpen;
            (beforeLeft, left, previous, leftStart) = (left, right, right, at);
            at += length;
        }
    }

    // A digit, # or *, perhaps with the emoji variation, and the keycap.
    private static bool EndsKeycap(ReadOnlySpan<char> text, int key, int at) =>
        text[at] == '\u20E3' && text[key] is (>= '0' and <= '9') or '#' or '*' && (at == key + 1 || (at == key + 2 && text[key + 1] == '\uFE0F'));

    private static bool EndsWord(ReadOnlySpan<char> text, int partStart, int at) =>
        text[at] == ':' || (at - partStart > 2 && char.IsLower(text[at - 1]) && at + 1 < text.Length && char.IsUpper(text[at + 1]));

    // WB5 to WB16, given that neither side is a line end and what extends the left side is passed over.
    private static bool IsInside(ReadOnlySpan<char> text, int behind, WordBreakClass beforeLeft, WordBreakClass left, WordBreakClass right, bool isFlagOpen)
    {
        bool isLeftLetter = IsLetter(left), isRightLetter = IsLetter(right);
        if (isLeftLetter)
        {
            if (isRightLetter || right == WordBreakClass.Numeric)
                return true;
            if ((right == WordBreakClass.MidLetter || IsMidNumLet(right)) && IsLetter(Following(text, behind)))
                return true;
            if (left == WordBreakClass.HebrewLetter
                && (right == WordBreakClass.SingleQuote || (right == WordBreakClass.DoubleQuote && Following(text, behind) == WordBreakClass.HebrewLetter)))
                return true;
        }

        if (isRightLetter)
        {
            if (left == WordBreakClass.Numeric || (IsLetter(beforeLeft) && (left == WordBreakClass.MidLetter || IsMidNumLet(left))))
                return true;
            if (right == WordBreakClass.HebrewLetter && left == WordBreakClass.DoubleQuote && beforeLeft == WordBreakClass.HebrewLetter)
                return true;
        }

        if (left == WordBreakClass.Numeric
            && (right == WordBreakClass.Numeric || ((right == WordBreakClass.MidNum || IsMidNumLet(right)) && Following(text, behind) == WordBreakClass.Numeric)))
            return true;
        if (right == WordBreakClass.Numeric && beforeLeft == WordBreakClass.Numeric && (left == WordBreakClass.MidNum || IsMidNumLet(left)))
            return true;
        if (left == WordBreakClass.Katakana && right == WordBreakClass.Katakana)
            return true;
        if (right == WordBreakClass.ExtendNumLet)
            return isLeftLetter || left is WordBreakClass.Numeric or WordBreakClass.Katakana or WordBreakClass.ExtendNumLet;
        if (left == WordBreakClass.ExtendNumLet)
            return isRightLetter || right is WordBreakClass.Numeric or WordBreakClass.Katakana;
        return left == WordBreakClass.RegionalIndicator && right == WordBreakClass.RegionalIndicator && isFlagOpen;
    }

    // The next class behind what extends the character before.
    private static WordBreakClass Following(ReadOnlySpan<char> text, int at)
    {
        while (true)
        {
            WordBreakClass found = CharacterClass.At(text, at, out int length).WordBreak;
            if (found is not (WordBreakClass.Extend or WordBreakClass.Format or WordBreakClass.ZeroWidthJoiner))
                return found;
            at += length;
        }
    }

    private static bool IsLetter(WordBreakClass found) => found is WordBreakClass.Letter or WordBreakClass.HebrewLetter;

    private static bool IsMidNumLet(WordBreakClass found) => found is WordBreakClass.MidNumLet or WordBreakClass.SingleQuote;
}
