using System.Text;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Reads files of sentences, one a line; blank lines are passed over.</summary>
internal static class SentenceFile
{
    private const int LongestLine = 1 << 20;

    /// <exception cref="DataFileException">The file is missing or no UTF-8, a line is too long, or lacks its label.</exception>
    public static IReadOnlyList<LabelledSentence> Read(string path, bool isLabelled)
    {
        var sentences = new List<LabelledSentence>();
        int row = 1;
        try
        {
            using var reader = new StreamReader(RegularFile.OpenRead(path), new UTF8Encoding(false, throwOnInvalidBytes: true));
            var lines = new BoundedLines(reader, path, LongestLine, long.MaxValue);
            for (; lines.Next() is { } line; row++)
            {
                if (!string.IsNullOrWhiteSpace(line))
                    sentences.Add(Parse(path, row, line, isLabelled));
            }

            return sentences;
        }
        catch (DecoderFallbackException e)
        {
            throw new DataFileException(path, $"is no UTF-8 text near row {row}. Convert it first.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }

    private static LabelledSentence Parse(string path, int row, string line, bool isLabelled)
    {
        if (!isLabelled)
            return new(null, line);
        int tab = line.IndexOf('\t', StringComparison.Ordinal);
        return tab > 0
            ? new(line[..tab], line[(tab + 1)..])
            : throw new DataFileException(path, $"row {row} has no label: expected the label, a tab and the sentence.");
    }
}
