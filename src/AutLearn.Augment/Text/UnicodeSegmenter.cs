using System.Buffers;
using System.Globalization;
using System.Text;

namespace AutLearn.Augment.Text;

/// <summary>Words are runs of letters and marks, with apostrophes and hyphens inside.</summary>
/// <remarks>
/// What holds a digit, and whatever begins with @, # or looks like an address, is no word: augmentation leaves it alone,
/// as it leaves punctuation, blanks and emoji. Any text is accepted, unpaired surrogates too. Safe for use by several threads.
/// </remarks>
public sealed class UnicodeSegmenter : ITextSegmenter
{
    /// <summary>Gets the shared instance.</summary>
    public static UnicodeSegmenter Instance { get; } = new();

    /// <inheritdoc/>
    public string Separator => " ";

    /// <inheritdoc/>
    public (int Start, int Length) NextWord(ReadOnlySpan<char> text, int from)
    {
        int i = from;
        while (i < text.Length)
        {
            if (text[i] is '@' or '#' || IsAddress(text[i..]))
            {
                i = SkipToBlank(text, i);
                continue;
            }

            (int length, bool isWordPart, bool isDigit) = Classify(text[i..]);
            if (!isWordPart)
            {
                i += length;
                continue;
            }

            int start = i;
            bool hasDigit = false;
            while (i < text.Length)
            {
                (length, isWordPart, isDigit) = Classify(text[i..]);
                if (!isWordPart && !IsInner(text, i, start))
                    break;
                hasDigit |= isDigit;
                i += length;
            }

            if (!hasDigit)
                return (start, i - start);
        }

        return (text.Length, 0);
    }

    private static bool IsAddress(ReadOnlySpan<char> text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("www.", StringComparison.OrdinalIgnoreCase);

    private static int SkipToBlank(ReadOnlySpan<char> text, int i)
    {
        while (i < text.Length && !char.IsWhiteSpace(text[i]))
            i++;
        return i;
    }

    private static bool IsInner(ReadOnlySpan<char> text, int i, int start) =>
        text[i] is '\'' or '\u2019' or '-' && i > start && i + 1 < text.Length && Classify(text[(i + 1)..]).IsWordPart;

    private static (int Length, bool IsWordPart, bool IsDigit) Classify(ReadOnlySpan<char> text)
    {
        char first = text[0];
        if (char.IsAscii(first))
            return (1, char.IsAsciiLetterOrDigit(first), char.IsAsciiDigit(first));
        if (Rune.DecodeFromUtf16(text, out Rune rune, out int length) != OperationStatus.Done)
            return (Math.Max(1, length), false, false);
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        bool isDigit = category is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.OtherNumber or UnicodeCategory.LetterNumber;
        bool isMark = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

        // Variation selectors and joiners are marks that belong to emoji.
        bool isWordPart = Rune.IsLetter(rune) || isDigit || (isMark && rune.Value is not (>= 0xFE00 and <= 0xFE0F));
        return (length, isWordPart, isDigit);
    }
}
