using System.IO.Compression;
using System.Text;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Reads text files: plain, or <c>.gz</c>.</summary>
internal static class TextLines
{
    private const int LongestLine = 1 << 20;

    /// <summary>Tells by the name whether a file is text.</summary>
    public static bool IsText(string path) =>
        path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".txt.gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the lines that are not blank.</summary>
    /// <exception cref="DataFileException">The file is missing or no UTF-8, or a line is too long.</exception>
    public static List<string> Read(string path)
    {
        var lines = new List<string>();
        try
        {
            using FileStream file = File.OpenRead(path);
            using Stream content = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true));
            while (reader.ReadLine() is { } line)
            {
                if (line.Length > LongestLine)
                    throw new DataFileException(path, $"has a line of {line.Length} characters; at most {LongestLine} are possible.");
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
