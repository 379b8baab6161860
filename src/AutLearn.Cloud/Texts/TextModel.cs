using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Sentences;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Tokenizers;

namespace AutLearn.Cloud.Texts;

/// <summary>A language model or a classifier of texts, with the tokenizer that it carries.</summary>
internal sealed class TextModel : IDisposable
{
    private const int BatchSize = 16;

    private readonly string? _folder;

    private TextModel(PersonalModel model, string? folder)
    {
        Model = model;
        _folder = folder;
        Encoder = TextEncoder.Of(model, PretrainedTokenizer.Open);
        IsLanguageModel = model.Manifest.Labels.Shape.Length > 1;
        if (model.Manifest.Labels.ElementType != ElementType.Int64)
            throw new AutLearnException($"The text model '{model.Manifest.ModelName}' tells neither classes nor tokens: its labels are {model.Manifest.Labels.ElementType}.");
    }

    public PersonalModel Model { get; }

    public TextEncoder Encoder { get; }

    /// <summary>Gets whether the model tells the token that follows each, and not the class of a text.</summary>
    public bool IsLanguageModel { get; }

    /// <summary>Opens artifacts, or a plain ONNX file, that carry a tokenizer.</summary>
    /// <returns>Null where they carry none.</returns>
    public static TextModel? TryOpen(string path, string? state)
    {
        if (!Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            PersonalModel model = PersonalModel.Open(path);
            return model.Manifest.Text is null ? Closed(model) : Own(model, folder: null, state);
        }

        OnnxModel plain = ModelFile.ReadTyped(path);
        if (TextNotes.Read(plain) is not { } text)
            return null;
        if (state is not null)
            throw new Terminal.UsageException("Option --state belongs to compiled artifacts, not to a plain .onnx file.");

        // Measuring needs no training, but the same models that training has.
        string folder = Directory.CreateTempSubdirectory("autlearn-text-").FullName;
        try
        {
            string package = Path.Combine(folder, "model.autlearn");
            ModelCompiler.Compile(plain, new CompileOptions { ModelName = Path.GetFileNameWithoutExtension(path), Text = text, Classes = ModelNotes.Classes(plain) }).SavePackage(package);
            return Own(PersonalModel.Open(package), folder, state: null);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Uses a model that is open.</summary>
    /// <param name="model">Stays the caller's; it carries a tokenizer.</param>
    public static TextModel Of(PersonalModel model) => new(model, folder: null);

    /// <summary>Makes rows of sentences.</summary>
    /// <param name="set">The sentences; a classifier's labels, where it has them, are known by name.</param>
    public TextRows Rows(SentenceSet set)
    {
        if (IsLanguageModel)
            return Sequences(set);
        ImmutableArray<long[]> labels = set.IsLabelled
            ? [.. LabelNames.Number(set, Model.Manifest.Classes, ClassCount.Of(Model.Manifest)).Select(l => new[] { l })]
            : [];
        return new([.. set.Sentences.Select(s => Encoder.Encode(s.Text))], labels, [.. set.Sentences.Select(s => s.Text)]);
    }

    /// <summary>Measures the current parameters on rows with labels, and lists the likeliest classes of each row of a classifier.</summary>
    public TextScore Score(TextRows rows, Action<int> progress, CancellationToken cancellationToken)
    {
        var score = new TextScore(IsLanguageModel, Model.Manifest.Classes);
        for (int first = 0; first < rows.Count; first += BatchSize)
        {
            int count = Math.Min(BatchSize, rows.Count - first);
            using PredictionBatch batch = Model.Predict(Encoder.Rows([.. rows.Tokens.AsSpan().Slice(first, count)]), cancellationToken);
            ReadOnlySpan<float> scores = Floats(batch.Logits);
            int perRow = scores.Length / count;
            for (int r = 0; r < count; r++)
                score.Add(scores.Slice(r * perRow, perRow), rows.Labels.IsEmpty ? [] : rows.Labels[first + r], rows.Texts.IsEmpty ? null : rows.Texts[first + r]);
            progress(first + count);
        }

        return score;
    }

    /// <summary>Runs the frozen layers over rows with labels.</summary>
    public FeatureSet Extract(TextRows rows, Action<int> progress, CancellationToken cancellationToken)
    {
        FeatureSet features = Model.CreateFeatureSet();
        int longest = rows.Longest;
        for (int first = 0; first < rows.Count; first += BatchSize)
        {
            int count = Math.Min(BatchSize, rows.Count - first);
            using PredictionBatch batch = Model.Predict(Encoder.Rows([.. rows.Tokens.AsSpan().Slice(first, count)], longest), cancellationToken);
            features.Add(batch, [.. rows.Labels.AsSpan().Slice(first, count).ToArray().SelectMany(l => l)]);
            progress(first + count);
        }

        return features;
    }

    public void Dispose()
    {
        Model.Dispose();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    private static TextModel? Closed(PersonalModel model)
    {
        model.Dispose();
        return null;
    }

    private static TextModel Own(PersonalModel model, string? folder, string? state)
    {
        try
        {
            if (state is not null)
                model.LoadState(state);
            return new(model, folder);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // A row is as long as the model's own sequences; what does not fill one at the end is left out, but where it is all there is.
    private TextRows Sequences(SentenceSet set)
    {
        int length = Encoder.Spec.MaxLength;
        var tokens = new List<long>();
        foreach (LabelledSentence sentence in set.Sentences)
        {
            Encoder.Tokenizer.Encode(sentence.Text, tokens);
            if (Encoder.Spec.End is { } end)
                tokens.Add(end);
        }

        if (!Encoder.Spec.PadsToMaxLength)
            length = Math.Clamp(tokens.Count - 1, 1, length);
        int rows = (tokens.Count - 1) / length;
        if (rows < 1)
            throw new DataFileException(set.Path, string.Create(CultureInfo.InvariantCulture, $"has {tokens.Count} tokens, too few for one sequence of {length} and the token behind it."));
        long[] all = [.. tokens];
        return new(
            [.. Enumerable.Range(0, rows).Select(r => all[(r * length)..((r + 1) * length)])],
            [.. Enumerable.Range(0, rows).Select(r => all[((r * length) + 1)..(((r + 1) * length) + 1)])],
            []);
    }

    private static ReadOnlySpan<float> Floats(TensorBuffer scores) => scores.ElementType switch
    {
        ElementType.Float32 => scores.Span<float>(),
        ElementType.Float16 => MemoryMarshal.Cast<byte, Half>(scores.Bytes).ToArray().Select(h => (float)h).ToArray(),
        _ => throw new AutLearnException($"The scores are {scores.ElementType}, where Float32 and Float16 are known."),
    };
}
