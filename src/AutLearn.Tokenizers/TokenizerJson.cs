using System.Buffers;
using System.Text;
using System.Text.Json;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Tokenizers;

/// <summary>Takes a <c>tokenizer.json</c> apart into the files that its kind had before there was one.</summary>
internal static class TokenizerJson
{
    /// <exception cref="FormatException">It is of another kind, or damaged.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static (TextTokenizerKind Kind, (string, byte[])[] Files, IReadOnlyDictionary<string, int> Pieces) Read(byte[] content, TokenizerSettings settings)
    {
        using JsonDocument document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 64 });
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("model", out JsonElement model) || model.ValueKind != JsonValueKind.Object || !model.TryGetProperty("vocab", out JsonElement vocabulary))
            throw new FormatException("it has no model with a vocabulary.");
        string type = model.TryGetProperty("type", out JsonElement named) && named.ValueKind == JsonValueKind.String ? named.GetString()! : model.TryGetProperty("merges", out _) ? "BPE" : "";
        if (type == "WordPiece")
        {
            if (settings.IsLowerCase is null && IsCased(root))
                throw new FormatException("its normalizer keeps the case: say so in a tokenizer_config.json beside it (\"do_lower_case\": false).");
            IReadOnlyDictionary<string, int> pieces = TokenizerFiles.PieceNumbers(vocabulary);
            string[] lines = new string[pieces.Count];
            foreach ((string piece, int number) in pieces)
                lines[number < lines.Length ? number : throw new FormatException($"its numbers have gaps: there is {number} among {lines.Length} pieces.")] = piece;
            return (TextTokenizerKind.WordPiece, [("vocab.txt", Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"))], pieces);
        }

        if (type != "BPE" || !IsByteLevel(root))
            throw new FormatException($"it is of the kind '{(type.Length == 0 ? "?" : type)}', where WordPiece and byte-level BPE are read from this file; of a SentencePiece model give the .model file.");
        return (TextTokenizerKind.BytePairs, [("vocab.json", Copy(vocabulary)), ("merges.txt", Merges(model))], TokenizerFiles.PieceNumbers(vocabulary));
    }

    private static bool IsCased(JsonElement root) =>
        root.TryGetProperty("normalizer", out JsonElement normalizer) && normalizer.ValueKind == JsonValueKind.Object
        && normalizer.TryGetProperty("lowercase", out JsonElement lower) && lower.ValueKind == JsonValueKind.False;

    // Alone, or one of several steps.
    private static bool IsByteLevel(JsonElement root) =>
        root.TryGetProperty("pre_tokenizer", out JsonElement step) && step.ValueKind == JsonValueKind.Object && step.GetRawText().Contains("\"ByteLevel\"", StringComparison.Ordinal);

    private static byte[] Copy(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            element.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Merges(JsonElement model)
    {
        if (!model.TryGetProperty("merges", out JsonElement merges) || merges.ValueKind != JsonValueKind.Array)
            throw new FormatException("it has no merges.");
        var text = new StringBuilder("#version: 0.2\n");
        foreach (JsonElement merge in merges.EnumerateArray())
        {
            string line = merge.ValueKind == JsonValueKind.String
                ? merge.GetString()!
                : merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String
                    ? $"{merge[0].GetString()} {merge[1].GetString()}"
                    : throw new FormatException("a merge is no pair of pieces.");
            text.Append(line).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
