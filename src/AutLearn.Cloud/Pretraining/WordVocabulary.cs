using System.Collections.Immutable;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Splits text into lower-case words and punctuation, and numbers the most frequent of them.</summary>
/// <remarks>Number 0 stands for every other word, 1 for the end of a line.</remarks>
internal sealed class WordVocabulary
{
    public const string Unknown = "<unk>";
    public const string EndOfLine = "<eol>";

    private readonly Dictionary<string, long> _numbers;

    private WordVocabulary(ImmutableArray<string> words)
    {
        Words = words;
        _numbers = words.Select((w, i) => KeyValuePair.Create(w, (long)i)).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>Gets the words by number.</summary>
    public ImmutableArray<string> Words { get; }

    /// <summary>Numbers the most frequent words, the more frequent first, equals in ordinal order.</summary>
    /// <param name="lines">The text.</param>
    /// <param name="size">The most entries, at least 3.</param>
    public static WordVocabulary Of(IEnumerable<string> lines, int size)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string word in lines.SelectMany(Split))
            counts[word] = counts.GetValueOrDefault(word) + 1;
        return new([
            Unknown, EndOfLine,
            .. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(size - 2).Select(c => c.Key),
        ]);
    }

    public long[] Encode(IEnumerable<string> lines)
    {
        var tokens = new List<long>();
        foreach (string line in lines)
        {
            foreach (string word in Split(line))
                tokens.Add(_numbers.GetValueOrDefault(word));
            tokens.Add(1);
        }

        return [.. tokens];
    }

    /// <summary>Splits a line: letters, digits, marks and apostrophes between letters make words, other visible characters stand alone.</summary>
    public static IEnumerable<string> Split(string line)
    {
        int start = -1;
        for (int i = 0; i <= line.Length; i++)
        {
            bool isWord = i < line.Length && (char.IsLetterOrDigit(line[i]) || char.IsSurrogate(line[i]) || IsMark(line[i])
                || (line[i] is '\'' or '\u2019' && start >= 0 && i + 1 < line.Length && char.IsLetter(line[i + 1])));
            if (isWord)
            {
                start = start < 0 ? i : start;
                continue;
            }

            if (start >= 0)
                yield return line[start..i].ToLowerInvariant();
            start = -1;
            if (i < line.Length && !char.IsWhiteSpace(line[i]) && !char.IsControl(line[i]))
                yield return line[i].ToString();
        }
    }

    private static bool IsMark(char c) =>
        char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;
}
