using System.Globalization;
using System.Text;
using AutLearn.Graph.Artifacts;
using AutLearn.Text.Unicode;

namespace AutLearn.Tokenizers;

/// <summary>Brings text into the form that a tokenizer was made for.</summary>
internal static class TokenizerText
{
    /// <summary>Lowers case, drops accents or puts a blank before, as the specification says; unpaired surrogates become U+FFFD.</summary>
    public static string Prepare(ReadOnlySpan<char> text, TextSpec spec)
    {
        string read = Paired(text);
        if (spec.IsLowerCase)
            read = read.ToLowerInvariant();
        if (spec.DropsAccents)
            read = WithoutAccents(read);
        return spec.AddsPrefixBlank && read.Length > 0 && !char.IsWhiteSpace(read[0]) ? $" {read}" : read;
    }

    /// <summary>Cuts what has no blank for very long: merging takes time that grows faster than a word.</summary>
    public static IEnumerable<string> Pieces(string text, int longestWord)
    {
        int start = 0, word = 0;
        for (int i = 0; i < text.Length; i++)
        {
            word = char.IsWhiteSpace(text[i]) ? 0 : word + 1;
            if (word < longestWord || char.IsLowSurrogate(text[i]) || (i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])))
                continue;
            yield return text[start..(i + 1)];
            (start, word) = (i + 1, 0);
        }

        if (start < text.Length)
            yield return text[start..];
    }

    private static string Paired(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return text.ToString();
        var paired = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            paired.Append(rune.ToString());
        return paired.ToString();
    }

    // As BERT does: decomposed, without marks that take no room.
    private static string WithoutAccents(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\x7F') < 0)
            return text;
        var kept = new StringBuilder(text.Length);
        foreach (char c in CanonicalComposition.Decompose(text))
        {
            if (char.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)
                kept.Append(c);
        }

        return kept.ToString();
    }
}
