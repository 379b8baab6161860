using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say what to compile a model into.</summary>
internal sealed class CompileArguments
{
    private readonly Option<string[]> _trainable = new("--trainable")
    {
        Description = "Train the parameters whose names fit; * stands for any characters, ? for one. May be given several times. See 'inspect' for the names.",
        HelpName = "pattern",
    };

    private readonly Option<int?> _last = new Option<int?>("--last")
    {
        Description = "Train the last layers. Default: 1.",
        HelpName = "layers",
    }.Between(1, 100_000);

    private readonly Option<bool> _all = new("--all") { Description = "Train every parameter." };

    private readonly Option<string?> _kind = new Option<string?>("--only")
    {
        Description = "Train the biases alone (biases), or the scales and shifts of normalizations (normalizations).",
        HelpName = "kind",
    }.OneOf("biases", "normalizations");

    private readonly Option<string?> _adapter = new Option<string?>("--adapter")
    {
        Description = "Train low-rank adapters beside weights that stay as they are (lora): alone, or with what --trainable, --last or --only choose. The export merges them into the weights.",
        HelpName = "kind",
    }.OneOf("lora");

    private readonly Option<string[]> _on = new("--on")
    {
        Description = "The weights (or their nodes) that get an adapter; * stands for any characters, ? for one. May be given several times. Default: all.",
        HelpName = "pattern",
    };

    private readonly Option<int?> _rank = new Option<int?>("--rank")
    {
        Description = "The width of the adapters. Default: 8.",
        HelpName = "number",
    }.Between(1, 4096);

    private readonly Option<double?> _alpha = new Option<double?>("--adapter-alpha")
    {
        Description = "What the adapters' products weigh, times the rank. Default: 16.",
        HelpName = "number",
    }.Positive();

    private readonly Option<string[]> _fix = new("--fix")
    {
        Description = "Replace an input by a number, NAME=NUMBER: a setting that the app never changes, such as a sampling rate. May be given several times.",
        HelpName = "name=number",
    };

    private readonly Option<int?> _newHead = new Option<int?>("--new-head")
    {
        Description = "Replace the classifier by a fresh one for this many classes first, so that a pretrained network can learn a task of its own.",
        HelpName = "classes",
    }.Between(2, 10_000_000);

    private readonly Option<int> _seed = new("--seed")
    {
        Description = "Decides the first weights of a new head and of adapters.",
        HelpName = "number",
    };

    private readonly Option<string?> _classes = new("--classes")
    {
        Description = $"The names of the classes: {ClassNames.Kinds}. Default: those that the model carries.",
        HelpName = "file",
    };

    private readonly Option<string?> _logits = new("--logits")
    {
        Description = "The value that the loss reads, where it cannot be found by itself.",
        HelpName = "name",
    };

    private readonly Option<string> _batchNormalization = new Option<string>("--batch-norm")
    {
        Description = "What batch normalization does in the trained part: keep its running statistics (frozen), or use each batch's own (training).",
        DefaultValueFactory = _ => "frozen",
    }.OneOf("frozen", "training");

    private readonly Option<double?> _clipNorm = new Option<double?>("--clip-norm")
    {
        Description = "Scale all gradients down together where their norm is larger.",
        HelpName = "number",
    }.Positive();

    private readonly Option<int> _accumulate = new Option<int>("--accumulate")
    {
        Description = "Calls of the training step that share one update, for batches larger than memory allows; the last update of an epoch may share fewer. Default: 1.",
        HelpName = "steps",
        DefaultValueFactory = _ => 1,
    }.Between(1, 1_000_000);

    private readonly Option<bool> _lazyRows = new("--lazy-rows")
    {
        Description = "Update only those rows of embedding tables that a batch reads; others keep weights and optimizer state.",
    };

    private readonly LossArguments _loss = new();
    private readonly DefaultsArguments _defaults = new("0.001", epochs: 10);
    private readonly OptimizerArguments _optimizer = new();
    private readonly PreprocessingArguments _preprocessing = new();
    private readonly TokenizerArguments _tokenizer = new();

    public void AddTo(Command command)
    {
        command.Add(_trainable);
        command.Add(_last);
        command.Add(_all);
        command.Add(_kind);
        command.Add(_adapter);
        command.Add(_on);
        command.Add(_rank);
        command.Add(_alpha);
        command.Add(_fix);
        command.Add(_newHead);
        command.Add(_seed);
        command.Add(_classes);
        _tokenizer.AddTo(command);
        command.Add(_logits);
        command.Add(_batchNormalization);
        _loss.AddTo(command);
        _optimizer.AddTo(command);
        _defaults.AddTo(command);
        command.Add(_clipNorm);
        command.Add(_accumulate);
        command.Add(_lazyRows);
        _preprocessing.AddTo(command);
    }

    /// <summary>Gives the model a new head if one was asked for, and collects the options.</summary>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public CompileOptions Read(ParseResult parsed, OnnxModel model, string modelName)
    {
        // The command line is read before the model is changed or data are opened, so that wrong usage is reported first.
        TrainableSelection trainable = Selection(parsed);
        if (ModelNotes.Table(model) is not null)
            PerceptronRecipe.KeepScales(model);
        Loss loss = (_loss.IsGiven(parsed) ? null : TableObjectives.LossOf(ModelNotes.Table(model))) ?? _loss.Read(parsed);
        if (loss is MultiTaskLoss && parsed.GetValue(_logits) is not null)
            throw new UsageException("Each --task names the output that it reads; --logits is for one loss.");
        if (loss is MultiTaskLoss && parsed.GetValue(_newHead) is not null)
            throw new UsageException("--new-head replaces one classifier, and --task learns several outputs as they are. Give the model its new head first: compile with --new-head, export, and compile the export with --task.");
        var options = new CompileOptions
        {
            ModelName = modelName,
            Trainable = trainable,
            Adapter = Adapter(parsed),
            FixedInputs = FixedInputs(parsed),
            Loss = loss,
            Optimizer = _optimizer.Read(parsed),
            ClipNorm = parsed.GetValue(_clipNorm),
            AccumulationSteps = parsed.GetValue(_accumulate),
            LazyRows = parsed.GetValue(_lazyRows),
            LogitsName = parsed.GetValue(_logits),
            BatchNormalization = parsed.GetValue(_batchNormalization) == "training" ? NormalizationStatistics.Training : NormalizationStatistics.Frozen,
            Preprocessing = _preprocessing.Read(parsed, model),
            Text = _tokenizer.Read(parsed, model, FixedInputs(parsed).ContainsKey),
            Table = ModelNotes.Table(model),
            Classes = parsed.GetValue(_classes) is { } classes ? ClassNames.Read(classes) : parsed.GetValue(_newHead) is null ? ModelNotes.Classes(model) : [],
            Defaults = _defaults.Read(parsed, learningRate: 0.001),
        };
        int? newHead = parsed.GetValue(_newHead);
        if (newHead is { } count)
        {
            if (!options.Classes.IsEmpty && options.Classes.Length != count)
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--new-head has {count} classes, but --classes names {options.Classes.Length}."));
            HeadReplacement.Replace(model, count, parsed.GetValue(_seed));
        }

        return options;
    }

    private TrainableSelection Selection(ParseResult parsed)
    {
        ImmutableArray<string> patterns = [.. parsed.GetValue(_trainable) ?? []];
        int? last = parsed.GetValue(_last);
        bool isAll = parsed.GetValue(_all);
        string? kind = parsed.GetValue(_kind);
        int choices = (patterns.IsEmpty ? 0 : 1) + (last is null ? 0 : 1) + (isAll ? 1 : 0) + (kind is null ? 0 : 1);
        if (choices > 1)
            throw new UsageException("Options --trainable, --last, --all and --only exclude each other.");
        if (choices == 0 && parsed.GetValue(_adapter) is not null && parsed.GetValue(_newHead) is null)
            return TrainableSelection.None;
        if (isAll)
            return TrainableSelection.All;
        if (kind is not null)
            return kind == "biases" ? TrainableSelection.Biases : TrainableSelection.Normalizations;
        if (patterns.Any(string.IsNullOrEmpty))
            throw new UsageException("A --trainable pattern is empty.");
        return patterns.IsEmpty ? TrainableSelection.LastLayers(last ?? 1) : TrainableSelection.Patterns(patterns.AsEnumerable());
    }

    private LowRankAdapter? Adapter(ParseResult parsed)
    {
        string[] on = parsed.GetValue(_on) ?? [];
        if (parsed.GetValue(_adapter) is null)
            return on.Length == 0 && parsed.GetValue(_rank) is null && parsed.GetValue(_alpha) is null ? null : throw new UsageException("Options --on, --rank and --adapter-alpha belong to --adapter.");
        if (on.Any(string.IsNullOrEmpty))
            throw new UsageException("An --on pattern is empty.");
        return new LowRankAdapter { On = on.Length == 0 ? ["*"] : [.. on], Rank = parsed.GetValue(_rank) ?? 8, Alpha = parsed.GetValue(_alpha) ?? 16, Seed = parsed.GetValue(_seed) };
    }

    private ImmutableSortedDictionary<string, double> FixedInputs(ParseResult parsed)
    {
        var numbers = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (string text in parsed.GetValue(_fix) ?? [])
        {
            // Names may hold any character; numbers hold no '='.
            int at = text.LastIndexOf('=');
            if (at <= 0 || !double.TryParse(text.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
                throw new UsageException($"--fix '{text}' is no NAME=NUMBER.");
            if (!numbers.TryAdd(text[..at], number))
                throw new UsageException($"--fix gives '{text[..at]}' twice.");
        }

        return numbers.ToImmutable();
    }
}
