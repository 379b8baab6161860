using System.Text;
using System.Text.Json;

namespace AutLearn.Tokenizers;

/// <summary>Reads the files of tokenizers, none of which is trusted.</summary>
internal static class TokenizerFiles
{
    /// <summary>The most bytes of a file: those of the largest tokenizers are a third of it.</summary>
    public const int LargestFile = 64 << 20;

    private const int MostPieces = 4 << 20;

    /// <summary>Reads pieces, one a line by number.</summary>
    /// <exception cref="FormatException">A piece comes twice, or the text is no UTF-8.</exception>
    public static IReadOnlyDictionary<string, int> WordPieces(ReadOnlySpan<byte> utf8)
    {
        string text = Text(utf8);
        string[] lines = (text.EndsWith('\n') ? text[..^1] : text).Split('\n');
        var pieces = new Dictionary<string, int>(lines.Length, StringComparer.Ordinal);
        for (int i = 0; i < lines.Length; i++)
        {
            if (!pieces.TryAdd(lines[i].TrimEnd('\r'), i))
                throw new FormatException($"line {i + 1} has a piece that an earlier one has too.");
        }

        return pieces;
    }

    /// <summary>Reads a JSON object of pieces with their numbers.</summary>
    /// <exception cref="FormatException">It is none, or two pieces have one number.</exception>
    public static IReadOnlyDictionary<string, int> PieceNumbers(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 8 });
            return PieceNumbers(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is no JSON object of pieces: {e.Message}", e);
        }
    }

    /// <summary>Reads a JSON object of pieces with their numbers.</summary>
    /// <exception cref="FormatException">It is none, or two pieces have one number.</exception>
    public static IReadOnlyDictionary<string, int> PieceNumbers(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object of pieces.");
        var pieces = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = new HashSet<int>();
        foreach (JsonProperty piece in element.EnumerateObject())
        {
            if (piece.Value.ValueKind != JsonValueKind.Number || !piece.Value.TryGetInt32(out int number) || number is < 0 or >= MostPieces || !numbers.Add(number) || !pieces.TryAdd(piece.Name, number))
                throw new FormatException($"the piece '{Shown(piece.Name)}' has no number of its own from 0 to {MostPieces - 1}.");
        }

        return pieces.Count > 0 ? pieces : throw new FormatException("it holds no piece.");
    }

    /// <summary>Reads merges, two pieces a line, below a line <c>#version</c> if there is one.</summary>
    /// <exception cref="FormatException">A line does not hold two pieces.</exception>
    public static IReadOnlyList<string> Merges(ReadOnlySpan<byte> utf8)
    {
        var merges = new List<string>();
        int row = 0;
        foreach (string raw in Text(utf8).Split('\n'))
        {
            row++;
            string line = raw.TrimEnd('\r');
            if (line.Length == 0 || (row == 1 && line.StartsWith("#version", StringComparison.Ordinal)))
                continue;
            if (line.Split(' ') is not [{ Length: > 0 }, { Length: > 0 }])
                throw new FormatException($"line {row} does not merge two pieces.");
            merges.Add(line);
        }

        return merges;
    }

    private static string Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("it is no UTF-8 text.", e);
        }
    }

    private static string Shown(string piece) => piece.Length > 32 ? $"{piece[..32]}..." : piece;
}
