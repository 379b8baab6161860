using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Text;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that name the network to pretrain: an ONNX file, or a recipe that the tool builds itself.</summary>
internal sealed class RecipeArguments
{
    private const string MobileNet = "mobilenet";
    private const string Language = "lstm-lm";

    private static readonly string[] SpecialWords = [WordVocabulary.UnknownWord, WordVocabulary.LineEnd];

    private readonly Option<string?> _model = new("--model")
    {
        Description = "The ONNX file to train, from the weights that it holds.",
        HelpName = "file",
    };

    private readonly Option<string?> _recipe = new Option<string?>("--recipe")
    {
        Description = "The network to build with fresh weights: mobilenet (images) or lstm-lm (text).",
    }.AcceptOnlyFromAmong(MobileNet, Language);

    private readonly Option<double?> _width = new Option<double?>("--width")
    {
        Description = "mobilenet: the factor on the channel counts. Default: 1.",
        HelpName = "number",
    }.Between(0.05, 4);

    private readonly Option<int?> _resolution = new Option<int?>("--resolution")
    {
        Description = "mobilenet: the side of the input in pixels. Default: 64.",
        HelpName = "pixels",
    }.Between(32, 2048);

    private readonly Option<int?> _channels = new Option<int?>("--channels")
    {
        Description = "mobilenet: 1 (grey) or 3 (RGB). Default: 1 for IDX files of grey images, 3 for all others.",
        HelpName = "number",
    }.AcceptOnlyFromAmong("1", "3");

    private readonly Option<int?> _classes = new Option<int?>("--class-count")
    {
        Description = "mobilenet: the classes. Default: those of the data.",
        HelpName = "number",
    }.Between(2, 1_000_000);

    private readonly Option<int?> _vocabulary = new Option<int?>("--vocabulary")
    {
        Description = "Text: the most distinct words; rarer ones become one. Default: 10000, or as many as the model scores.",
        HelpName = "number",
    }.Between(3, 1_000_000);

    private readonly Option<int?> _hidden = new Option<int?>("--hidden")
    {
        Description = "lstm-lm: the size of embedding and state. Default: 256.",
        HelpName = "number",
    }.Between(1, 8192);

    private readonly Option<int?> _layers = new Option<int?>("--layers")
    {
        Description = "lstm-lm: the LSTM layers. Default: 2.",
        HelpName = "number",
    }.Between(1, 16);

    private readonly Option<bool> _tied = new("--tied") { Description = "lstm-lm: the head shares the embedding's weights." };

    private readonly Option<double?> _dropout = new Option<double?>("--dropout")
    {
        Description = "lstm-lm: the share of activations dropped while training. Default: 0.2.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<int> _sequence = new Option<int>("--sequence")
    {
        Description = "Text: the tokens of a sequence.",
        HelpName = "number",
        DefaultValueFactory = _ => 20,
    }.Between(1, 4096);

    public void AddTo(Command command)
    {
        _channels.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("1" or "3") }])
                result.AddError("Option '--channels' must be 1 or 3.");
        });
        command.Add(_model);
        command.Add(_recipe);
        command.Add(_width);
        command.Add(_resolution);
        command.Add(_channels);
        command.Add(_classes);
        command.Add(_vocabulary);
        command.Add(_hidden);
        command.Add(_layers);
        command.Add(_tied);
        command.Add(_dropout);
        command.Add(_sequence);
    }

    /// <summary>Gets the tokens of a sequence.</summary>
    public int Sequence(ParseResult parsed) => parsed.GetValue(_sequence);

    /// <summary>Tells whether the network reads tokens, where the data may be a table of texts or of pictures.</summary>
    public bool IsForText(ParseResult parsed) => parsed.GetValue(_model) is { } path
        ? ModelFile.ReadTyped(path).Graph.Inputs is [{ Type.ElementType: ElementType.Int64 or ElementType.Int32 }, ..]
        : parsed.GetValue(_recipe) == Language;

    /// <summary>Checks that options and data fit together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void Check(ParseResult parsed, bool isText)
    {
        string? recipe = parsed.GetValue(_recipe);
        if (recipe is null == parsed.GetValue(_model) is null)
            throw new UsageException("Give either --model or --recipe.");
        if (recipe is not null && (recipe == Language) != isText)
            throw new UsageException(isText ? "--recipe mobilenet learns from images; the data are text." : "--recipe lstm-lm learns from text, a .txt or .txt.gz file.");
        if (recipe != MobileNet && (parsed.GetValue(_width) is not null || parsed.GetValue(_resolution) is not null || parsed.GetValue(_channels) is not null || parsed.GetValue(_classes) is not null))
            throw new UsageException("Options --width, --resolution, --channels and --class-count belong to --recipe mobilenet.");
        if (recipe != Language && (parsed.GetValue(_hidden) is not null || parsed.GetValue(_layers) is not null || parsed.GetValue(_tied) || parsed.GetValue(_dropout) is not null))
            throw new UsageException("Options --hidden, --layers, --tied and --dropout belong to --recipe lstm-lm.");
    }

    /// <summary>Gets the names of the classes that the given model carries; empty where it carries none, or none is given.</summary>
    public ImmutableArray<string> ClassesOfModel(ParseResult parsed) => parsed.GetValue(_model) is { } path ? ModelNotes.Classes(ModelFile.Read(path)) : [];

    /// <summary>Reads or builds a network for images.</summary>
    public (string Name, OnnxModel Model) ForImages(ParseResult parsed, int classes, bool isColored, int seed)
    {
        if (parsed.GetValue(_model) is { } path)
            return (Path.GetFileNameWithoutExtension(path), ModelFile.ReadTyped(path));
        var recipe = new MobileNetRecipe(
            parsed.GetValue(_width) ?? 1, parsed.GetValue(_resolution) ?? 64, parsed.GetValue(_channels) ?? (isColored ? 3 : 1), Math.Max(2, parsed.GetValue(_classes) ?? classes));
        return (MobileNet, recipe.Build(seed));
    }

    /// <summary>Reads or builds a network for text, and numbers the words for it.</summary>
    public (string Name, OnnxModel Model, WordVocabulary Vocabulary) ForText(ParseResult parsed, IReadOnlyList<string> lines, int seed)
    {
        int? size = parsed.GetValue(_vocabulary);
        if (parsed.GetValue(_model) is { } path)
        {
            OnnxModel model = ModelFile.ReadTyped(path);
            int? scored = model.Graph.Outputs is [{ Shape: { Rank: > 0 } shape }, ..] && shape[shape.Rank - 1].IsKnown ? (int)shape[shape.Rank - 1].Size : null;
            return (Path.GetFileNameWithoutExtension(path), model, WordVocabulary.Of(lines, Math.Max(3, size ?? scored ?? 10_000), SpecialWords));
        }

        var vocabulary = WordVocabulary.Of(lines, size ?? 10_000, SpecialWords);
        var recipe = new LstmLanguageModelRecipe(
            vocabulary.Words.Length, parsed.GetValue(_hidden) ?? 256, parsed.GetValue(_layers) ?? 2, parsed.GetValue(_tied), parsed.GetValue(_dropout) ?? 0.2);
        return (Language, recipe.Build(seed), vocabulary);
    }
}
