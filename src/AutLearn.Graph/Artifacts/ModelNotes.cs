using System.Collections.Immutable;
using System.Text.Json;

namespace AutLearn.Graph.Artifacts;

/// <summary>What a plain ONNX file says of its classes, images and columns, so that names and scale travel with the weights.</summary>
/// <remarks>Entries of the file's metadata (<c>metadata_props</c>): <c>autlearn.classes</c>, a JSON list, <c>autlearn.preprocessing</c> and <c>autlearn.table</c>, as in a manifest.</remarks>
public static class ModelNotes
{
    /// <summary>The entry of the class names.</summary>
    public const string ClassesKey = "autlearn.classes";

    /// <summary>The entry of the preprocessing.</summary>
    public const string PreprocessingKey = "autlearn.preprocessing";

    /// <summary>The entry of the columns.</summary>
    public const string TableKey = "autlearn.table";

    /// <summary>Writes what is known.</summary>
    /// <param name="model">The model.</param>
    /// <param name="classes">The names of the classes; nothing is written where there are none.</param>
    /// <param name="preprocessing">How images become input; null writes nothing.</param>
    /// <param name="table">The columns; null writes nothing.</param>
    public static void Write(OnnxModel model, ImmutableArray<string> classes, ImagePreprocessing? preprocessing, TableSpec? table = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!classes.IsDefaultOrEmpty)
            model.Metadata = model.Metadata.SetItem(ClassesKey, JsonSerializer.Serialize(classes, CompactManifestJson.Default.ImmutableArrayString));
        if (preprocessing is not null)
            model.Metadata = model.Metadata.SetItem(PreprocessingKey, JsonSerializer.Serialize(preprocessing, CompactManifestJson.Default.ImagePreprocessing));
        if (table is not null)
            model.Metadata = model.Metadata.SetItem(TableKey, JsonSerializer.Serialize(table, CompactManifestJson.Default.TableSpec));
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

    /// <summary>Reads which columns the model reads and tells.</summary>
    /// <returns>Null where the file says nothing.</returns>
    /// <exception cref="InvalidModelException">The entry names no possible columns.</exception>
    public static TableSpec? Table(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!model.Metadata.TryGetValue(TableKey, out string? text))
            return null;
        try
        {
            TableSpec table = JsonSerializer.Deserialize(text, CompactManifestJson.Default.TableSpec) ?? throw Wrong(TableKey, "it is null", null);
            return table.Problem() is { } problem ? throw Wrong(TableKey, problem, null) : table;
        }
        catch (JsonException e)
        {
            throw Wrong(TableKey, e.Message, e);
        }
    }

    private static InvalidModelException Wrong(string key, string what, Exception? inner) => new($"The model's metadata '{key}' cannot be used: {what}.", inner);
}
