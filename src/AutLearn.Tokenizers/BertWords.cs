using System.Globalization;
using System.Text;

namespace AutLearn.Tokenizers;

/// <summary>Cuts text as BERT's basic tokenizer does: at blanks, around each punctuation mark and each ideograph; controls go.</summary>
/// <remarks>Devlin et al. 2018 (the tokenizer published with it). The library's own drops symbols and knows no other blank than a space.</remarks>
internal static class BertWords
{
    /// <summary>Lists the words.</summary>
    /// <param name="text">Without unpaired surrogates.</param>
    public static IEnumerable<string> Split(string text)
    {
        var word = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isAlone = IsPunctuation(rune) || IsIdeograph(rune.Value);
            if (isAlone || IsBlank(rune))
            {
                if (word.Length > 0)
                    yield return word.ToString();
                word.Clear();
                if (isAlone)
                    yield return rune.ToString();
            }
            else if (rune.Value is not (0 or 0xFFFD) && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate))
            {
                word.Append(rune.ToString());
            }
        }

        if (word.Length > 0)
            yield return word.ToString();
    }

    private static bool IsBlank(Rune rune) => rune.Value is ' ' or '\t' or '\n' or '\r' || Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator;

    // All marks of ASCII count, symbols among them.
    private static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? rune.Value is >= '!' and <= '/' or >= ':' and <= '@' or >= '[' and <= '`' or >= '{' and <= '~'
        : Rune.IsPunctuation(rune);

    private static bool IsIdeograph(int point) => point is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
