using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that name the network to pretrain: an ONNX file, or a recipe that the tool builds itself.</summary>
internal sealed class RecipeArguments
{
    private const string MobileNet = "mobilenet";
    private const string Language = "lstm-lm";
    private const string Classifier = "text-classifier";
    private const string Perceptron = "mlp";
    private const int DefaultWords = 10_000;

    private readonly Option<string?> _model = new("--model")
    {
        Description = "The ONNX file to train, from the weights that it holds.",
        HelpName = "file",
    };

    private readonly Option<string?> _recipe = new Option<string?>("--recipe")
    {
        Description = "The network to build with fresh weights: mobilenet (images), lstm-lm (text), text-classifier (labelled text) or mlp (a table of numbers).",
    }.OneOf(MobileNet, Language, Classifier, Perceptron);

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
    }.OneOf("1", "3");

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
        Description = "Text recipes: the size of embedding and state; mlp: the width of its layers. Default: 256; 64 for text-classifier and mlp.",
        HelpName = "number",
    }.Between(1, 8192);

    private readonly Option<int?> _layers = new Option<int?>("--layers")
    {
        Description = "lstm-lm: the LSTM layers; mlp: the hidden layers. Default: 2.",
        HelpName = "number",
    }.Between(1, 16);

    private readonly Option<bool> _tied = new("--tied") { Description = "lstm-lm: the head shares the embedding's weights." };

    private readonly Option<double?> _dropout = new Option<double?>("--dropout")
    {
        Description = "Text recipes and mlp: the share of activations dropped while training. Default: 0.2; 0.5 for text-classifier; 0 for mlp.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<string?> _pooling = new Option<string?>("--pooling")
    {
        Description = "text-classifier: how words become a sentence: mean, attention or lstm. Default: mean.",
    }.OneOf("mean", "attention", "lstm");

    private readonly Option<int?> _sequence = new Option<int?>("--sequence")
    {
        Description = "Language models: the tokens of a sequence. Default: 20. Classifiers: the most tokens of a sentence; the rest is cut off. Default: as many as the longest has, at most 256.",
        HelpName = "number",
    }.Between(1, 4096);

    private readonly TokenizerArguments _tokenizer = new();

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
        command.Add(_pooling);
        command.Add(_sequence);
        _tokenizer.AddTo(command);
    }

    /// <summary>Gets the tokens of a sequence, or the most of a sentence; null for the default.</summary>
    public int? Sequence(ParseResult parsed) => parsed.GetValue(_sequence);

    /// <summary>Tells whether the network reads tokens, where the data may be a table of texts or of pictures.</summary>
    public bool IsForText(ParseResult parsed) => parsed.GetValue(_model) is { } path
        ? ModelFile.ReadTyped(path).Graph.Inputs is [{ Type.ElementType: ElementType.Int64 or ElementType.Int32 }, ..]
        : parsed.GetValue(_recipe) is Language or Classifier;

    /// <summary>Checks that options and data fit together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void Check(ParseResult parsed, bool isText, bool isTable)
    {
        string? recipe = parsed.GetValue(_recipe);
        if (recipe is null == parsed.GetValue(_model) is null)
            throw new UsageException("Give either --model or --recipe.");
        if (recipe is not null && (recipe == Perceptron) != isTable)
            throw new UsageException(isTable ? $"--recipe {recipe} does not read tables of numbers, which --target means; --recipe mlp does." : "--recipe mlp learns from a table of numbers (.csv, .tsv): say with --target which column to tell.");
        if (recipe is not null && (recipe is Language or Classifier) != isText)
            throw new UsageException(isText ? "--recipe mobilenet learns from images; the data are text." : $"--recipe {recipe} learns from text: a .txt, .tsv or .csv file, or one of these as .gz.");
        if (recipe != MobileNet && (parsed.GetValue(_width) is not null || parsed.GetValue(_resolution) is not null || parsed.GetValue(_channels) is not null || parsed.GetValue(_classes) is not null))
            throw new UsageException("Options --width, --resolution, --channels and --class-count belong to --recipe mobilenet.");
        if (recipe != Language && parsed.GetValue(_tied))
            throw new UsageException("Option --tied belongs to --recipe lstm-lm.");
        if (recipe is not (Language or Perceptron) && parsed.GetValue(_layers) is not null)
            throw new UsageException("Option --layers belongs to --recipe lstm-lm and mlp.");
        if (recipe is not (Language or Classifier or Perceptron) && (parsed.GetValue(_hidden) is not null || parsed.GetValue(_dropout) is not null))
            throw new UsageException("Options --hidden and --dropout belong to --recipe lstm-lm, text-classifier and mlp.");
        if (_tokenizer.IsGiven(parsed) && (recipe is not null || !isText))
            throw new UsageException("Options --tokenizer and --max-tokens belong to --model and text.");
        if (recipe != Classifier && parsed.GetValue(_pooling) is not null)
            throw new UsageException("Option --pooling belongs to --recipe text-classifier.");
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

    /// <summary>Gets the columns and the classes that the given model knows; null where it knows none, or none is given.</summary>
    public (TableSpec Table, ImmutableArray<string> Classes)? TableOfModel(ParseResult parsed) =>
        parsed.GetValue(_model) is { } path && ModelFile.Read(path) is var model && ModelNotes.Table(model) is { } table ? (table, ModelNotes.Classes(model)) : null;

    /// <summary>Says which network reads the table.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="objective">What its outputs are.</param>
    /// <param name="seed">Decides fresh weights.</param>
    public TableRecipe ForTable(ParseResult parsed, TableObjective objective, int seed)
    {
        if (parsed.GetValue(_model) is { } path)
        {
            OnnxModel model = ModelFile.ReadTyped(path);
            if (ModelNotes.Table(model) is not null)
                PerceptronRecipe.KeepScales(model);
            return new(Path.GetFileNameWithoutExtension(path), (_, _, _) => model);
        }

        var recipe = new PerceptronRecipe(parsed.GetValue(_hidden) ?? 64, parsed.GetValue(_layers) ?? 2, parsed.GetValue(_dropout) ?? 0, objective);
        return new(Perceptron, (rows, targets, outputs) => recipe.Build(rows, targets, outputs, seed));
    }

    /// <summary>Says which network reads the text.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="seed">Decides fresh weights.</param>
    /// <param name="words">The most words, special ones included.</param>
    /// <param name="isClassifier">Whether it tells classes, and not the next word.</param>
    public TextRecipe ForText(ParseResult parsed, int seed, out int words, out bool isClassifier)
    {
        int? size = parsed.GetValue(_vocabulary);
        if (parsed.GetValue(_model) is { } path)
        {
            OnnxModel model = ModelFile.ReadTyped(path);
            Shape? scores = model.Graph.Outputs is [{ Shape: { Rank: > 0 } shape }, ..] ? shape : null;
            isClassifier = scores is { Rank: 2 };
            int? scored = !isClassifier && scores is not null && scores[scores.Rank - 1].IsKnown ? (int)scores[scores.Rank - 1].Size : null;
            words = Math.Max(3, size ?? scored ?? DefaultWords);
            TextArtifacts? text = _tokenizer.Read(parsed, model, _ => false);
            if (text is not null && size is not null)
                throw new UsageException("The model carries its own words; leave --vocabulary out.");
            return new(Path.GetFileNameWithoutExtension(path), _ => model) { Text = text, Classes = ModelNotes.Classes(model) };
        }

        words = size ?? DefaultWords;
        isClassifier = parsed.GetValue(_recipe) == Classifier;
        if (isClassifier)
        {
            TextPooling pooling = parsed.GetValue(_pooling) switch { "attention" => TextPooling.Attention, "lstm" => TextPooling.Lstm, _ => TextPooling.Mean };
            int width = parsed.GetValue(_hidden) ?? 64;
            double dropped = parsed.GetValue(_dropout) ?? 0.5;
            return new(Classifier, sizes => new TextClassifierRecipe(sizes.Words, sizes.Classes, width, pooling, sizes.Padding, dropped).Build(seed));
        }

        int hidden = parsed.GetValue(_hidden) ?? 256, layers = parsed.GetValue(_layers) ?? 2;
        bool isTied = parsed.GetValue(_tied);
        double dropout = parsed.GetValue(_dropout) ?? 0.2;
        return new(Language, sizes => new LstmLanguageModelRecipe(sizes.Words, hidden, layers, isTied, dropout).Build(seed));
    }
}
