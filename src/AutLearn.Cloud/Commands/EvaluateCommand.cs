using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Evaluation;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using Spectre.Console;

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
        Description = "Plain .onnx: a file of class names, one a line; of a .tsv file the last column, below a header line.",
        HelpName = "file",
    };

    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave images out that cannot be decoded, instead of ending with an error." };

    private readonly PreprocessingArguments _preprocessing = new();
    private readonly ToolConsole _console;

    private EvaluateCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        var evaluate = new EvaluateCommand(console);
        var command = new Command(
            "evaluate",
            "Measure a model on images: its accuracy where the images are labelled, the five likeliest classes of each where they are not. --preprocessing and what follows it are for plain .onnx files; artifacts bring their own.")
        {
            evaluate._model,
        };
        evaluate._images.AddTo(command);
        command.Add(evaluate._state);
        command.Add(evaluate._classes);
        command.Add(evaluate._skipBad);
        evaluate._preprocessing.AddTo(command);
        command.SetAction(evaluate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetRequiredValue(_model);
        var watch = Stopwatch.StartNew();
        (IImageClassifier classifier, ImmutableArray<string> classes, int? classCount) = Open(parsed, path);
        using (classifier)
        {
            ImageSet images = _images.Open(parsed, classes, classCount, LabelUse.Optional);
            BadImages badImages = parsed.GetValue(_skipBad) ? BadImages.Skip : BadImages.Fail;
            (ImmutableArray<PredictionReport> predictions, ImmutableArray<string> skipped) = await _console.TrackAsync(
                "Scoring images",
                images.Count,
                report => Task.Run(() => ImageEvaluation.Run(classifier, images, badImages, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
            _console.Report(Summarise(path, _images.Describe(parsed), predictions, skipped, watch.Elapsed.TotalSeconds), ReportJson.Default.EvaluateReport, Render);
            if (!skipped.IsEmpty)
                _console.Complain($"{skipped.Length} of {images.Count} images could not be decoded and were left out: {string.Join(", ", skipped.Take(3))}{(skipped.Length > 3 ? ", ..." : "")}");
        }

        return ExitCode.Success;
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
            return (new OnnxClassifier(path, preprocessing), named, named.IsEmpty ? null : named.Length);
        }

        var artifacts = new ArtifactClassifier(path, parsed.GetValue(_state));
        return (artifacts, named.IsEmpty ? artifacts.Manifest.Classes : named, ClassCount.Of(artifacts.Manifest));
    }

    private static EvaluateReport Summarise(string model, string data, ImmutableArray<PredictionReport> predictions, ImmutableArray<string> skipped, double seconds)
    {
        PredictionReport[] labelled = [.. predictions.Where(p => p.Label is not null)];
        int correct = labelled.Count(p => p.Top[0].Class == p.Label);
        int amongFive = labelled.Count(p => p.Top.Any(t => t.Class == p.Label));
        bool isLabelled = labelled.Length > 0;
        return new(
            model,
            data,
            predictions.Length,
            skipped,
            isLabelled ? (double)correct / labelled.Length : null,
            isLabelled ? (double)amongFive / labelled.Length : null,
            isLabelled ? correct : null,
            seconds,
            predictions);
    }

    private static void Render(IAnsiConsole screen, EvaluateReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("model", Markup.Escape(report.Model));
        facts.AddRow("data", Markup.Escape($"{report.Data}: {report.Images} images"));
        if (report.Accuracy is { } accuracy)
        {
            facts.AddRow("accuracy", $"{Amounts.Percent(accuracy)} ({report.Correct} of {report.Images})");
            facts.AddRow("top 5", Amounts.Percent(report.Top5Accuracy ?? 0));
        }

        facts.AddRow("time", $"{Amounts.Seconds(report.Seconds)}, opening the model included");
        screen.Write(facts);
        if (report.Accuracy is not null)
            return;
        Table table = ReportTables.Grid("image", "1st", "2nd", "3rd");
        foreach (PredictionReport prediction in report.Predictions)
            table.AddRow([Markup.Escape(Path.GetFileName(prediction.Image)), .. Enumerable.Range(0, 3).Select(i => i < prediction.Top.Length ? Markup.Escape(Describe(prediction.Top[i])) : "")]);
        screen.Write(table);
    }

    private static string Describe(RankedClass ranked) =>
        $"{ranked.Name ?? ranked.Class.ToString(CultureInfo.InvariantCulture)} {Amounts.Percent(ranked.Probability)}";
}
