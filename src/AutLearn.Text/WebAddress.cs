using AutLearn.Text.Unicode;

namespace AutLearn.Text;

/// <summary>Recognises web and mail addresses as people write them into text.</summary>
internal static class WebAddress
{
    // RFC 5321, section 4.5.3.1: the part before the @, and a domain.
    private const int LongestLocalPart = 64;
    private const int LongestHost = 255;

    private const string NeverLast = ".,;:!?'*~_";

    /// <summary>Finds the end of an address.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="start">A letter or digit.</param>
    /// <param name="wordEnd">The end of the letters and digits that begin there.</param>
    /// <returns>The end; <paramref name="start"/> where there is no address.</returns>
    public static int End(ReadOnlySpan<char> text, int start, int wordEnd)
    {
        ReadOnlySpan<char> word = text[start..wordEnd];
        if (text[wordEnd..].StartsWith("://"))
            return IsScheme(word) && wordEnd + 3 < text.Length && IsPart(text, wordEnd + 3, out _) ? PathEnd(text, wordEnd + 3) : start;
        if (word.Equals("www", StringComparison.OrdinalIgnoreCase) && text[wordEnd] == '.' && wordEnd + 1 < text.Length && char.IsAsciiLetterOrDigit(text[wordEnd + 1]))
            return PathEnd(text, wordEnd);
        int i = wordEnd;
        int limit = Math.Min(text.Length, start + LongestHost);
        while (i < limit && (char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or '-' or '_' or '%' or '+'))
            i++;
        if (i >= text.Length)
            return start;
        if (text[i] == '@' && i - start <= LongestLocalPart)
            return HostEnd(text, i + 1) is var end && end > i + 1 ? end : start;
        return text[i] == '/' && i + 1 < text.Length && char.IsAsciiLetterOrDigit(text[i + 1]) && HostEnd(text, start) == i ? PathEnd(text, i) : start;
    }

    private static bool IsScheme(ReadOnlySpan<char> word) =>
        word.Equals("http", StringComparison.OrdinalIgnoreCase) || word.Equals("https", StringComparison.OrdinalIgnoreCase) || word.Equals("ftp", StringComparison.OrdinalIgnoreCase);

    // The end of a host of at least two labels, the last of letters; the start where there is none.
    private static int HostEnd(ReadOnlySpan<char> text, int start)
    {
        int i = start, labelStart = start, labels = 0, found = start;
        int limit = Math.Min(text.Length, start + LongestHost);
        while (true)
        {
            bool isLetters = true;
            while (i < limit && (char.IsAsciiLetterOrDigit(text[i]) || (text[i] == '-' && i > labelStart)))
                isLetters &= char.IsAsciiLetter(text[i++]);
            if (i == labelStart)
                return found;
            labels++;
            if (labels > 1 && isLetters && i - labelStart >= 2)
                found = i;
            if (i + 1 >= limit || text[i] != '.')
                return found;
            labelStart = ++i;
        }
    }

    private static int PathEnd(ReadOnlySpan<char> text, int start)
    {
        int i = start;
        while (IsPart(text, i, out int length))
            i += length;
        ReadOnlySpan<char> address = text[start..i];
        int unopened = address.Count(')') - address.Count('('), unopenedSquare = address.Count(']') - address.Count('[');

        // A closing bracket that the address did not open belongs to the sentence.
        while (i > start)
        {
            char last = text[i - 1];
            if (last == ')' && unopened > 0)
                unopened--;
            else if (last == ']' && unopenedSquare > 0)
                unopenedSquare--;
            else if (!NeverLast.Contains(last, StringComparison.Ordinal))
                break;
            i--;
        }

        return i;
    }

    private static bool IsPart(ReadOnlySpan<char> text, int index, out int length)
    {
        CharacterClass c = CharacterClass.At(text, index, out length);
        if (index >= text.Length)
            return false;
        return text[index] < 0x80
            ? text[index] > ' ' && text[index] != '\u007F' && text[index] is not ('<' or '>' or '"' or '{' or '}' or '|' or '\\' or '^' or '`')
            : c.IsAlphanumeric || (c.WordBreak == WordBreakClass.Extend && !c.IsEmoji);
    }
}
