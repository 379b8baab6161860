using System.IO.Compression;
using System.Text;

namespace AutLearn.Cloud.Data;

/// <summary>Opens text files, plain or <c>.gz</c>, so that what is wrong with one is told in one way.</summary>
internal static class TextFile
{
    /// <summary>The most characters of a line.</summary>
    public const int LongestLine = 1 << 20;

    // Text packs 2 to 20 times.
    private const long LargestRatio = 250;
    private const long FreeCharacters = 64L << 20;

    /// <summary>Gets the ending of a file's name that tells its kind, in lower case, without <c>.gz</c>.</summary>
    public static string Extension(string path) =>
        Path.GetExtension(IsPacked(path) ? path[..^3] : path).ToLowerInvariant();

    /// <summary>Reads a UTF-8 file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Reads all of it; the number is the most characters that it may unpack to.</param>
    /// <exception cref="DataFileException">The file is missing or no UTF-8.</exception>
    public static T Read<T>(string path, Func<TextReader, long, T> read)
    {
        try
        {
            using FileStream file = RegularFile.OpenRead(path);
            bool isPacked = IsPacked(path);
            using Stream content = isPacked ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return read(reader, isPacked ? Math.Max(FreeCharacters, file.Length * LargestRatio) : long.MaxValue);
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

    /// <summary>Reads the lines with their numbers, from 1, blank ones left out.</summary>
    /// <exception cref="DataFileException">The file is missing or no UTF-8, or a line is too long.</exception>
    public static List<(int Row, string Line)> Lines(string path) => Read(path, (reader, most) =>
    {
        var lines = new List<(int, string)>();
        var bounded = new BoundedLines(reader, path, LongestLine, most);
        try
        {
            while (bounded.Next() is { } line)
            {
                if (!string.IsNullOrWhiteSpace(line))
                    lines.Add((bounded.Row, line));
            }
        }
        catch (DecoderFallbackException e)
        {
            throw new DataFileException(path, $"is no UTF-8 text near row {bounded.Row + 1}. Convert it first.", e);
        }

        return lines;
    });

    private static bool IsPacked(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
}
