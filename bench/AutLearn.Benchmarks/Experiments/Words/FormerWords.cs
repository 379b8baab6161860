using System.Globalization;

namespace AutLearn.Benchmarks.Experiments.Words;

/// <summary>How <c>pretrain</c> split text before there was one tokenizer: runs of letters, digits, marks and surrogates; other visible characters alone.</summary>
internal static class FormerWords
{
    public static List<(int Start, int End)> Split(string line)
    {
        var words = new List<(int, int)>();
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
                words.Add((start, i));
            start = -1;
            if (i < line.Length && !char.IsWhiteSpace(line[i]) && !char.IsControl(line[i]))
                words.Add((i, i + 1));
        }

        return words;
    }

    private static bool IsMark(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
