using System.Text.Json;

namespace AutLearn.Tokenizers;

/// <summary>What <c>tokenizer_config.json</c> says; null where it says nothing.</summary>
internal sealed record TokenizerSettings(bool? IsLowerCase, bool? DropsAccents, bool AddsPrefixBlank, int? MaxLength)
{
    // Hubs write a number beyond all texts where there is no limit.
    private const int LongestDefault = 512;

    /// <summary>Reads a file, if it is there.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static TokenizerSettings Read(string path)
    {
        if (!File.Exists(path))
            return new(null, null, false, null);
        using FileStream file = RegularFile.OpenRead(path);
        if (file.Length > TokenizerFiles.LargestFile)
            throw new FormatException("its tokenizer_config.json is too large.");
        using JsonDocument document = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 64 });
        JsonElement root = document.RootElement;
        return root.ValueKind != JsonValueKind.Object
            ? throw new FormatException("its tokenizer_config.json is no JSON object.")
            : new(Bool("do_lower_case"), Bool("strip_accents"), Bool("add_prefix_space") == true, Length());

        bool? Bool(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

        int? Length() => root.TryGetProperty("model_max_length", out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double length) && length >= 1 ? (int)Math.Min(length, LongestDefault) : null;
    }
}
