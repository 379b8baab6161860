using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace AutLearn.Graph.Artifacts;

/// <summary>What a plain ONNX file says of its text, so that the tokenizer travels with the weights.</summary>
/// <remarks>
/// An entry of the file's metadata (<c>metadata_props</c>): <c>autlearn.text</c>, as in a manifest, and one for each of the tokenizer's
/// files, <c>autlearn.text/NAME</c>; of a file that is no text, <c>autlearn.text64/NAME</c> in base 64.
/// </remarks>
public static class TextNotes
{
    /// <summary>The entry.</summary>
    public const string Key = "autlearn.text";

    private const string FilePrefix = Key + "/";
    private const string BinaryPrefix = Key + "64/";

    /// <summary>Writes what is known.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">Its text.</param>
    public static void Write(OnnxModel model, TextArtifacts text)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(text);
        ImmutableSortedDictionary<string, string> metadata = model.Metadata.SetItem(Key, JsonSerializer.Serialize(text.Spec, TextSpecJson.Default.TextSpec));
        foreach ((string name, ReadOnlyMemory<byte> content) in text.Files)
        {
            metadata = Utf8.IsValid(content.Span)
                ? metadata.SetItem(FilePrefix + name, Encoding.UTF8.GetString(content.Span))
                : metadata.SetItem(BinaryPrefix + name, Convert.ToBase64String(content.Span));
        }

        model.Metadata = metadata;
    }

    /// <summary>Reads how text becomes the model's input.</summary>
    /// <returns>Null where the file says nothing.</returns>
    /// <exception cref="InvalidModelException">The entry cannot be used.</exception>
    public static TextArtifacts? Read(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!model.Metadata.TryGetValue(Key, out string? json))
            return null;
        try
        {
            TextSpec spec = JsonSerializer.Deserialize(json, TextSpecJson.Default.TextSpec) ?? throw Wrong("it is null", null);
            if (spec.Problem() is { } problem)
                throw Wrong(problem, null);
            var files = ImmutableSortedDictionary.CreateBuilder<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
            foreach (string name in spec.Files)
            {
                if (model.Metadata.TryGetValue(FilePrefix + name, out string? content))
                    files.Add(name, Encoding.UTF8.GetBytes(content));
                else if (model.Metadata.TryGetValue(BinaryPrefix + name, out string? binary))
                    files.Add(name, Convert.FromBase64String(binary));
            }

            var text = new TextArtifacts(spec, files.ToImmutable());
            return text.Problem() is { } missing ? throw Wrong(missing, null) : text;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw Wrong(e.Message, e);
        }
    }

    private static InvalidModelException Wrong(string what, Exception? inner) => new($"The model's metadata '{Key}' cannot be used: {what}.", inner);
}

/// <summary>Reads and writes a description of text on one line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(TextSpec))]
internal sealed partial class TextSpecJson : JsonSerializerContext;
