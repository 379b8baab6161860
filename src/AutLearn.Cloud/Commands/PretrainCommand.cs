using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;
using AutLearn.Text;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn pretrain</c>.</summary>
internal static class PretrainCommand
{
    public static Command Create(ToolConsole console)
    {
        var data = new Argument<string>("data")
        {
            Description = "A folder of images (folder/label/*.jpg, .png, .webp or .bmp), an IDX file of images (.gz too), a text file (.txt), or a table with a column of text (.csv, .tsv); these also as .gz.",
        };
        var labels = new Option<string?>("--labels")
        {
            Description = "The IDX file of labels. Default: the file beside the images whose name says 'labels-idx1-ubyte' instead of 'images-idx3-ubyte'.",
            HelpName = "file",
        };
        var recipe = new RecipeArguments();
        var columns = new SentenceArguments();
        var arguments = new PretrainArguments();
        var schedule = new ScheduleArguments();
        var optimizer = new OptimizerArguments();
        var preprocessing = new PreprocessingArguments();
        var command = new Command("pretrain", "Train a whole network on the server, every parameter of it: an ONNX file from the weights it holds, or a recipe from fresh ones. Writes one plain ONNX file, ready for 'compile'.") { data, labels, columns.Text, columns.Label };
        recipe.AddTo(command);
        arguments.AddTo(command);
        optimizer.AddTo(command);
        schedule.AddTo(command);
        preprocessing.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(data);
            bool isText = SentenceFile.IsText(path) || (DelimitedFile.IsTable(path) && recipe.IsForText(parsed));
            recipe.Check(parsed, isText);
            int accumulate = parsed.GetValue(arguments.Accumulate), batchSize = parsed.GetValue(arguments.BatchSize);
            var options = new CompileOptions
            {
                Trainable = TrainableSelection.All,
                Loss = new SoftmaxCrossEntropyLoss(),
                Optimizer = optimizer.Read(parsed),
                ClipNorm = parsed.GetValue(arguments.ClipNorm),
                AccumulationSteps = accumulate,
                BatchNormalization = NormalizationStatistics.Training,
                TrainingDropout = true,
                Defaults = new TrainingDefaults(Math.Min(1, schedule.LearningRate(parsed)), batchSize, parsed.GetValue(arguments.Epochs)),
            };
            _ = schedule.Read(parsed, long.MaxValue);
            string target = parsed.GetRequiredValue(arguments.Out);
            string? checkpoint = parsed.GetValue(arguments.Checkpoint);
            new OutputPaths()
                .File(arguments.Out.Name, target)
                .File("vocabulary beside --out", isText ? WordsPath(target) : null)
                .Folder(arguments.Checkpoint.Name, checkpoint)
                .FileInPlace(arguments.Log.Name, parsed.GetValue(arguments.Log))
                .Png(arguments.Plot.Name, parsed.GetValue(arguments.Plot), out string? plot);
            PretrainTask task = isText
                ? TextTask(parsed, path, recipe, arguments, columns)
                : ImageTask(parsed, path, parsed.GetValue(labels), recipe, arguments, preprocessing);
            options.ModelName = task.Name;
            options.Preprocessing = task.Preprocessing;
            options.Classes = task.Classes;
            var settings = new PretrainSettings(
                target,
                parsed.GetValue(arguments.Epochs),
                batchSize,
                parsed.GetValue(arguments.Seed),
                steps => schedule.Read(parsed, steps),
                parsed.GetValue(arguments.Patience),
                checkpoint,
                parsed.GetValue(arguments.CheckpointSteps),
                parsed.GetRequiredValue(arguments.Provider),
                parsed.GetValue(arguments.Threads),
                parsed.GetValue(arguments.Log));
            (TrainerResult result, ArtifactManifest manifest) = await PretrainSession.RunAsync(task, settings, options, console, cancellation).ConfigureAwait(false);
            string? words = task.Vocabulary is { } vocabulary ? WriteWords(target, vocabulary, checkpoint) : null;
            if (plot is not null)
                OutputFile.Write(plot, CurvePlot.Draw(result.Epochs), checkpoint);
            var report = new PretrainReport(
                task.Name,
                task.Data,
                task.Training.Count,
                task.Validation?.Count ?? 0,
                TrainedReport.Of(manifest).Weights,
                manifest.Optimizer.Kind,
                batchSize,
                accumulate,
                result.End == TrainerEnd.EarlyStopped ? "early" : "completed",
                result.Steps,
                result.MicroSteps,
                result.ResumedAtStep,
                result.BestEpoch,
                [.. result.Epochs.Select(e => new PretrainEpochReport(e.Epoch, e.TrainLoss, e.TrainAccuracy, e.ValidationLoss, e.ValidationAccuracy, e.LearningRate))],
                result.Duration.TotalSeconds,
                target,
                words,
                settings.Log,
                plot);
            console.Report(report, ReportJson.Default.PretrainReport, PretrainReportView.Render);
            return ExitCode.Success;
        });
        return command;
    }

    private static PretrainTask ImageTask(
        ParseResult parsed, string path, string? labels, RecipeArguments recipe, PretrainArguments arguments, PreprocessingArguments preprocessing)
    {
        bool isFolder = Directory.Exists(path);
        if (isFolder && labels is not null)
            throw new UsageException("Option --labels belongs to IDX files; the images are a folder.");
        if (!isFolder)
        {
            if (!File.Exists(path))
                throw new DataFileException(path, "the file does not exist.");
            string beside = path.Replace("images-idx3-ubyte", "labels-idx1-ubyte", StringComparison.Ordinal);
            labels ??= beside != path && File.Exists(beside) ? beside : throw new UsageException($"No labels: '{path}' needs --labels.");
        }

        ImageSet images = isFolder ? ImageFolder.OpenLabelled(path, []) : IdxImages.Open(path, labels, null, null, []);
        int count = Math.Max(images.Classes.Length, images.Labels.Max() + 1);
        int seed = parsed.GetValue(arguments.Seed);
        (string name, OnnxModel model) = recipe.ForImages(parsed, count, isFolder, seed);
        ImagePreprocessing shape = preprocessing.Read(parsed, model)
            ?? throw new AutLearnException($"The model '{name}' takes no images: it must have {ImageInput.Need}; where it leaves their size open, give --image-size.");
        double fraction = parsed.GetValue(arguments.Validation);
        if (fraction > 0 && images.Count < 2)
            throw new DataFileException(path, "one image cannot serve training and validation. Give more, or --validation 0.");
        HoldOutSplit? split = fraction > 0 ? HoldOutSplit.Of(images.Count, fraction, seed) : null;
        return new(
            name,
            model,
            path,
            isFolder ? DataHash.Of(path) : DataHash.Of(path, labels!),
            new ImageSource(split is null ? images : images.Pick(split.Train), shape),
            split is null ? null : new ImageSource(images.Pick(split.HoldOut), shape),
            count,
            shape,
            images.Classes,
            null);
    }

    private static PretrainTask TextTask(ParseResult parsed, string path, RecipeArguments recipe, PretrainArguments arguments, SentenceArguments columns)
    {
        SentenceSet set = columns.Read(parsed, path, LabelNeed.Ignored);
        string[] lines = [.. set.Sentences.Select(s => s.Text)];
        (string name, OnnxModel model, WordVocabulary vocabulary) = recipe.ForText(parsed, lines, parsed.GetValue(arguments.Seed));
        long[] tokens = TextLines.Tokens(lines, vocabulary, vocabulary.Find(WordVocabulary.LineEnd)!.Value);
        int length = recipe.Sequence(parsed);
        double fraction = parsed.GetValue(arguments.Validation);
        int held = fraction > 0 ? Math.Max(length + 1, (int)(tokens.Length * fraction)) : 0;
        if (tokens.Length - held < length + 1)
            throw new DataFileException(path, $"has {tokens.Length} tokens, too few for sequences of {length}{(held > 0 ? " in training and validation" : "")}.");
        return new(
            name,
            model,
            set.Description,
            DataHash.Of(path),
            new TokenSource(tokens.AsMemory(0, tokens.Length - held), length),
            held > 0 ? new TokenSource(tokens.AsMemory(tokens.Length - held), length) : null,
            vocabulary.Words.Length,
            null,
            [],
            vocabulary.Words);
    }

    private static string WordsPath(string target) => Path.ChangeExtension(target, ".vocabulary.txt");

    private static string WriteWords(string target, ImmutableArray<string> words, string? refuge)
    {
        string path = WordsPath(target);
        OutputFile.Write(path, Encoding.UTF8.GetBytes(string.Join('\n', words) + "\n"), refuge);
        return path;
    }
}
