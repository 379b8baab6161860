using System.Collections.Immutable;
using System.Text.Json;

namespace AutLearn.Graph.Artifacts;

/// <summary>What a plain ONNX file says of its classes and images, so that names and scale travel with the weights.</summary>
/// <remarks>Two entries of the file's metadata (<c>metadata_props</c>): <c>autlearn.classes</c>, a JSON list, and <c>autlearn.preprocessing</c>, as in a manifest.</remarks>
public static class ModelNotes
{
    /// <summary>The entry of the class names.</summary>
    public const string ClassesKey = "autlearn.classes";

    /// <summary>The entry of the preprocessing.</summary>
    public const string PreprocessingKey = "autlearn.preprocessing";

    /// <summary>Writes what is known.</summary>
    /// <param name="model">The model.</param>
    /// <param name="classes">The names of the classes; nothing is written where there are none.</param>
    /// <param name="preprocessing">How images become input; null writes nothing.</param>
    public static void Write(OnnxModel model, ImmutableArray<string> classes, ImagePreprocessing? preprocessing)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!classes.IsDefaultOrEmpty)
            model.Metadata = model.Metadata.SetItem(ClassesKey, JsonSerializer.Serialize(classes, CompactManifestJson.Default.ImmutableArrayString));
        if (preprocessing is not null)
            model.Metadata = model.Metadata.SetItem(PreprocessingKey, JsonSerializer.Serialize(preprocessing, CompactManifestJson.Default.ImagePreprocessing));
    }

    /// <summary>Reads the names of the classes.</summary>
    /// <returns>Empty where the file says nothing.</returns>
    /// <exception cref="InvalidModelException">The entry is no list of names.</exception>
    public static ImmutableArray<string> Classes(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!model.Metadata.TryGetValue(ClassesKey, out string? text))
            return [];
        try
        {
            ImmutableArray<string> names = JsonSerializer.Deserialize(text, CompactManifestJson.Default.ImmutableArrayString);
            return !names.IsDefault && names.All(n => !string.IsNullOrWhiteSpace(n)) ? names : throw Wrong(ClassesKey, "a name is empty", null);
        }
        catch (JsonException e)
        {
            throw Wrong(ClassesKey, e.Message, e);
        }
    }

    /// <summary>Reads how images become input.</summary>
    /// <returns>Null where the file says nothing.</returns>
    /// <exception cref="InvalidModelException">The entry is no possible preprocessing.</exception>
    public static ImagePreprocessing? Preprocessing(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!model.Metadata.TryGetValue(PreprocessingKey, out string? text))
            return null;
        try
        {
            ImagePreprocessing preprocessing = JsonSerializer.Deserialize(text, CompactManifestJson.Default.ImagePreprocessing) ?? throw Wrong(PreprocessingKey, "it is null", null);
            return preprocessing.Problem() is { } problem ? throw Wrong(PreprocessingKey, problem, null) : preprocessing;
        }
        catch (JsonException e)
        {
            throw Wrong(PreprocessingKey, e.Message, e);
        }
    }

    private static InvalidModelException Wrong(string key, string what, Exception? inner) => new($"The model's metadata '{key}' cannot be used: {what}.", inner);
}
