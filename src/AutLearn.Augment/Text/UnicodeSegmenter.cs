using System.Globalization;
using AutLearn.Text;

namespace AutLearn.Augment.Text;

/// <summary>Words of <see cref="WordTokenizer"/>, joined over hyphens and where a script puts no blank between them.</summary>
/// <remarks>
/// What holds a digit, names with @, topics with #, addresses, and what a sign ties to more (C++, AT&amp;T, and/or) are no words:
/// augmentation leaves them alone, as it leaves punctuation, blanks and emoji. Any text is accepted, unpaired surrogates too. Safe for use by several threads.
/// </remarks>
public sealed class UnicodeSegmenter : ITextSegmenter
{
    private const string Ties = "+#&/\\=@$%";

    /// <summary>Gets the shared instance.</summary>
    public static UnicodeSegmenter Instance { get; } = new();

    /// <inheritdoc/>
    public string Separator => " ";

    /// <inheritdoc/>
    public (int Start, int Length) NextWord(ReadOnlySpan<char> text, int from)
    {
        TextToken token = WordTokenizer.Next(text, from);
        while (token.Length > 0)
        {
            if (token.Kind is not (TokenKind.Word or TokenKind.Number))
            {
                token = WordTokenizer.Next(text, token.End);
                continue;
            }

            int start = token.Start, end = token.End;
            while (MayContinue(text, end) && IsContinuation(text, end, out token))
                end = token.End;
            if (!HasDigit(text[start..end]) && !IsTied(text, start - 1) && !IsTied(text, end))
                return (start, end - start);
            token = WordTokenizer.Next(text, end);
        }

        return (text.Length, 0);
    }

    private static bool MayContinue(ReadOnlySpan<char> text, int end) => end < text.Length && (text[end] is '-' or > '\x7F' || char.IsAsciiLetterOrDigit(text[end]));

    // A word that touches the last one, or one behind a hyphen that does.
    private static bool IsContinuation(ReadOnlySpan<char> text, int end, out TextToken token)
    {
        token = WordTokenizer.Next(text, end);
        if (token.Start == end && token is { Kind: TokenKind.Symbol, Length: 1 } && text[end] is '-' or '\u2010' or '\u2011')
        {
            end = token.End;
            token = WordTokenizer.Next(text, end);
        }

        return token.Start == end && token is { Length: > 0, Kind: TokenKind.Word or TokenKind.Number };
    }

    private static bool IsTied(ReadOnlySpan<char> text, int index) => (uint)index < (uint)text.Length && Ties.Contains(text[index], StringComparison.Ordinal);

    private static bool HasDigit(ReadOnlySpan<char> word)
    {
        foreach (char c in word)
        {
            if (char.IsAscii(c) ? char.IsAsciiDigit(c) : char.GetUnicodeCategory(c) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber)
                return true;
        }

        return false;
    }
}
