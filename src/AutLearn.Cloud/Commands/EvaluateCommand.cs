using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Evaluation;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;
using AutLearn.Cloud.Texts;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn evaluate</c>.</summary>
internal sealed class EvaluateCommand
{
    private readonly Argument<string> _model = new("model") { Description = "Compiled artifacts (a folder or .autlearn file), or a plain .onnx file." };

    private readonly ImageArguments _images = new();

    private readonly Option<string?> _state = new("--state")
    {
        Description = "Artifacts: parameters that 'personalize --save-state' saved.",
        HelpName = "file",
    };

    private readonly Option<string?> _classes = new("--classes")
    {
        Description = $"The names of the classes: {ClassNames.Kinds}. Default: those that the model carries.",
        HelpName = "file",
    };

    private readonly Option<string?> _split = new Option<string?>("--split")
    {
        Description = "The part of divided data to measure on: train, validation or test. Default: test, or else validation.",
    }.OneOf("train", "validation", "test");

    private readonly SentenceArguments _sentences = new();
    private readonly PreprocessingArguments _preprocessing = new();
    private readonly ToolConsole _console;

    private EvaluateCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        var evaluate = new EvaluateCommand(console);
        var command = new Command(
            "evaluate",
            "Measure a model on images or, where it carries a tokenizer, on texts, or, where it knows its columns, on a table of numbers: its accuracy where they are labelled, the likeliest classes of each where they are not, loss and perplexity of a language model. --preprocessing and what follows it are for plain .onnx files; artifacts bring their own.")
        {
            evaluate._model,
        };
        evaluate._images.AddTo(command);
        command.Add(evaluate._state);
        command.Add(evaluate._classes);
        command.Add(evaluate._split);
        command.Add(evaluate._sentences.Text);
        command.Add(evaluate._sentences.Label);
        evaluate._preprocessing.AddTo(command);
        command.SetAction(evaluate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetRequiredValue(_model);
        var watch = Stopwatch.StartNew();
        if (TextModel.TryOpen(path, parsed.GetValue(_state)) is { } text)
        {
            using (text)
                return await RunTextAsync(parsed, path, text, watch, cancellationToken).ConfigureAwait(false);
        }

        _sentences.Refuse(parsed);
        if (TableModelOf(parsed, path) is { } model)
        {
            using (model)
                return RunTable(parsed, path, model, watch, cancellationToken);
        }

        (IImageClassifier classifier, ImmutableArray<string> classes, int? classCount) = Open(parsed, path);
        using (classifier)
        {
            if (!classes.IsEmpty && classCount is { } scored && !(classes.Length == scored || (scored == 1 && classes.Length == 2)))
                throw new AutLearnException($"{path}: the model scores {scored} classes, but {classes.Length} are named.");
            ImageSet all = _images.Open(parsed, classes, classCount, LabelUse.Optional);
            (ImageSet images, string? part) = Part(parsed, all);
            BadImages badImages = _images.Data.SkipsBad(parsed) ? BadImages.Skip : BadImages.Fail;
            (ImmutableArray<PredictionReport> predictions, ImmutableArray<SkippedImage> skipped) = await _console.TrackAsync(
                "Scoring images",
                images.Count,
                report => Task.Run(() => ImageEvaluation.Run(classifier, images, badImages, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
            EvaluateReport report = Summarise(path, _images.Describe(parsed), part, images, predictions, skipped, watch.Elapsed.TotalSeconds);
            _console.Report(report, ReportJson.Default.EvaluateReport, EvaluateReportView.Render);
            if (!skipped.IsEmpty)
                _console.Complain($"{skipped.Length} of {images.Count} images could not be decoded and were left out: {string.Join(", ", skipped.Take(3).Select(s => s.Image))}{(skipped.Length > 3 ? ", ..." : "")}");
        }

        return ExitCode.Success;
    }

    // Null where the model's rows are no table's.
    private PersonalModel? TableModelOf(ParseResult parsed, string path)
    {
        if (Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            return ModelNotes.Table(ModelFile.Read(path)) is null ? null
                : throw new UsageException($"{path} reads tables of numbers, of which compiled artifacts are measured: autlearn compile {path} --out {Path.ChangeExtension(path, ".autlearn")}");
        }

        PersonalModel model = PersonalModel.Open(path);
        try
        {
            if (model.Manifest.Table is not null)
            {
                if (parsed.GetValue(_state) is { } state)
                    model.LoadState(state);
                return model;
            }
        }
        catch
        {
            model.Dispose();
            throw;
        }

        model.Dispose();
        return null;
    }

    private int RunTable(ParseResult parsed, string path, PersonalModel model, Stopwatch watch, CancellationToken cancellationToken)
    {
        if (_preprocessing.IsGiven(parsed) || parsed.GetValue(_classes) is not null || parsed.GetValue(_split) is not null)
            throw new UsageException("The model reads tables of numbers: options for images, --classes and --split do not apply.");
        var numbers = new TableModel(model);
        NumberTable table = numbers.Read(_images.Path(parsed), areTargetsNeeded: false, _images.Data.SkipsBad(parsed));
        _console.Report(TableSessions.Evaluate(numbers, path, table, watch, cancellationToken), ReportJson.Default.EvaluateTableReport, TableReportView.Render);
        return ExitCode.Success;
    }

    private async Task<int> RunTextAsync(ParseResult parsed, string path, TextModel model, Stopwatch watch, CancellationToken cancellationToken)
    {
        if (_preprocessing.IsGiven(parsed) || parsed.GetValue(_classes) is not null)
            throw new UsageException("The model reads text: options for images and --classes do not apply.");
        SentenceSet set = _sentences.Read(parsed, _images.Path(parsed), model.IsLanguageModel ? LabelNeed.Ignored : LabelNeed.Optional);
        (SentenceSet picked, string? part) = Part(parsed, set);
        EvaluateTextReport report = await TextSessions.EvaluateAsync(model, path, picked, part, watch, _console, cancellationToken).ConfigureAwait(false);
        _console.Report(report, ReportJson.Default.EvaluateTextReport, TextReportView.Render);
        return ExitCode.Success;
    }

    private (SentenceSet Set, string? Part) Part(ParseResult parsed, SentenceSet set)
    {
        if (!set.Sentences.Any(s => s.Part is not null))
            return parsed.GetValue(_split) is null ? (set, null) : throw new UsageException("Option --split belongs to a table with a column split.");
        DataPart part = Part(parsed, p => set.Sentences.Any(s => s.Part == p));
        SentenceSet picked = set.Pick(part);
        return picked.Sentences.Count == 0 ? throw new UsageException($"The data have no part {NameOf(part)}.") : (picked, NameOf(part));
    }

    // Divided data are measured on what nobody learned from.
    private DataPart Part(ParseResult parsed, Func<DataPart, bool> has) => parsed.GetValue(_split) switch
    {
        "train" => DataPart.Training,
        "validation" => DataPart.Validation,
        "test" => DataPart.Test,
        _ => has(DataPart.Test) ? DataPart.Test : has(DataPart.Validation) ? DataPart.Validation : DataPart.Training,
    };

    private static string NameOf(DataPart part) => part switch { DataPart.Training => "train", DataPart.Validation => "validation", _ => "test" };

    private (ImageSet Images, string? Part) Part(ParseResult parsed, ImageSet images)
    {
        if (images.Parts.IsEmpty)
            return parsed.GetValue(_split) is null ? (images, null) : throw new UsageException("Option --split belongs to data with parts: folders train and test, or a table with a column split.");
        DataPart part = Part(parsed, images.Parts.Contains);
        ImageSet picked = images.Pick(part);
        return picked.Count == 0 ? throw new UsageException($"The data have no part {NameOf(part)}.") : (picked, NameOf(part));
    }

    private (IImageClassifier Classifier, ImmutableArray<string> Classes, int? ClassCount) Open(ParseResult parsed, string path)
    {
        ImmutableArray<string> named = parsed.GetValue(_classes) is { } file ? ClassNames.Read(file) : [];
        if (Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            if (parsed.GetValue(_state) is not null)
                throw new UsageException("Option --state belongs to compiled artifacts, not to a plain .onnx file.");
            OnnxModel model = ModelFile.ReadTyped(path);
            ImagePreprocessing preprocessing = _preprocessing.Read(parsed, model)
                ?? throw new AutLearnException($"{path}: the model takes no images; it must have {ImageInput.Need}; where it leaves their size open, give --image-size.");
            var plain = new OnnxClassifier(path, preprocessing);
            return (plain, named.IsEmpty ? ModelNotes.Classes(model) : named, plain.ClassCount);
        }

        if (_preprocessing.IsGiven(parsed))
            throw new UsageException("Options such as --preprocessing, --mean and --crop belong to a plain .onnx file; artifacts bring their own.");
        var artifacts = new ArtifactClassifier(path, parsed.GetValue(_state));
        return (artifacts, named.IsEmpty ? artifacts.Manifest.Classes : named, ClassCount.Of(artifacts.Manifest));
    }

    private static EvaluateReport Summarise(
        string model, string data, string? part, ImageSet images, ImmutableArray<PredictionReport> predictions, ImmutableArray<SkippedImage> skipped, double seconds)
    {
        PredictionReport[] labelled = [.. predictions.Where(p => p.Label is not null)];
        int correct = labelled.Count(p => p.Top[0].Class == p.Label);
        int amongFive = labelled.Count(p => p.Top.Any(t => t.Class == p.Label));
        bool isLabelled = labelled.Length > 0;
        (ImmutableArray<ClassFigures> classes, ImmutableArray<ConfusionCell> confusion) = ConfusionTable.Of(labelled, images.Classes);
        return new(
            model,
            data,
            predictions.Length,
            part,
            DataReport.Of(images, skipped),
            isLabelled ? (double)correct / labelled.Length : null,
            isLabelled ? (double)amongFive / labelled.Length : null,
            isLabelled ? correct : null,
            classes,
            confusion,
            seconds,
            predictions);
    }
}
