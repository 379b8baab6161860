using System.IO.Compression;
using System.Text;
using AutLearn.Cloud.Data;
using AutLearn.Text;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Reads text files: plain, or <c>.gz</c>.</summary>
internal static class TextLines
{
    private const int LongestLine = 1 << 20;

    // Text packs 2 to 20 times.
    private const long LargestRatio = 250;
    private const long FreeCharacters = 64L << 20;

    /// <summary>Tells by the name whether a file is text.</summary>
    public static bool IsText(string path) =>
        path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".txt.gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Turns lines into one sequence of tokens.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="tokenizer">What numbers them.</param>
    /// <param name="lineEnd">The token behind each line.</param>
    public static long[] Tokens(IEnumerable<string> lines, ITextTokenizer tokenizer, long lineEnd)
    {
        var tokens = new List<long>();
        foreach (string line in lines)
        {
            tokenizer.Encode(line, tokens);
            tokens.Add(lineEnd);
        }

        return [.. tokens];
    }

    /// <summary>Reads the lines that are not blank.</summary>
    /// <exception cref="DataFileException">The file is missing or no UTF-8, or a line is too long.</exception>
    public static List<string> Read(string path)
    {
        var lines = new List<string>();
        try
        {
            using FileStream file = RegularFile.OpenRead(path);
            bool isPacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
            using Stream content = isPacked ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true));
            var bounded = new BoundedLines(reader, path, LongestLine, isPacked ? Math.Max(FreeCharacters, file.Length * LargestRatio) : long.MaxValue);
            while (bounded.Next() is { } line)
            {
                if (!string.IsNullOrWhiteSpace(line))
                    lines.Add(line);
            }

            return lines;
        }
        catch (DecoderFallbackException e)
        {
            throw new DataFileException(path, "is no UTF-8 text. Convert it first.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }
}
