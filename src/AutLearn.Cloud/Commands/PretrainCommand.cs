using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn pretrain</c>.</summary>
internal static class PretrainCommand
{
    public static Command Create(ToolConsole console)
    {
        var data = new Argument<string>("data")
        {
            Description = $"{char.ToUpperInvariant(ImageDataArguments.Kinds[0])}{ImageDataArguments.Kinds[1..]}; or a text file (.txt), or a table with a column of text (.csv, .tsv), also as .gz; or, with --target, a table of numbers.",
        };
        var images = new ImageDataArguments();
        var classes = new Option<string?>("--classes")
        {
            Description = $"The names of the classes of an IDX file: {ClassNames.Kinds}.",
            HelpName = "file",
        };
        var recipe = new RecipeArguments();
        var columns = new SentenceArguments();
        var table = new TableArguments();
        var arguments = new PretrainArguments();
        var schedule = new ScheduleArguments();
        var optimizer = new OptimizerArguments();
        var preprocessing = new PreprocessingArguments();
        var command = new Command("pretrain", "Train a whole network on the server, every parameter of it: an ONNX file from the weights it holds, or a recipe from fresh ones. Writes one plain ONNX file, ready for 'compile'.") { data, classes, columns.Text, columns.Label };
        images.AddTo(command);
        table.AddTo(command);
        recipe.AddTo(command);
        arguments.AddTo(command);
        optimizer.AddTo(command);
        schedule.AddTo(command);
        preprocessing.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(data);
            (TableSpec Table, ImmutableArray<string> Classes)? known = DelimitedFile.IsTable(path) ? recipe.TableOfModel(parsed) : null;
            table.Check(parsed, known is not null);
            string[] targets = table.TargetsFor(parsed, known?.Table);
            bool isTable = targets.Length > 0;
            if (isTable && !DelimitedFile.IsTable(path))
                throw new UsageException("Option --target belongs to tables of numbers: a .csv or .tsv file with a header.");
            bool isText = !isTable && (SentenceFile.IsText(path) || (DelimitedFile.IsTable(path) && recipe.IsForText(parsed)));
            recipe.Check(parsed, isText, isTable);
            Loss loss = isTable ? table.LossFor(parsed, known?.Table) : new SoftmaxCrossEntropyLoss();
            int accumulate = parsed.GetValue(arguments.Accumulate), batchSize = parsed.GetValue(arguments.BatchSize);
            var options = new CompileOptions
            {
                Trainable = TrainableSelection.All,
                Loss = loss,
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
            PretrainTask task = isTable
                ? TableTasks.Create(
                    NumberTable.Read(path, targets, known?.Table.Features ?? [], table.Ignored(parsed), areTargetsNeeded: true, images.SkipsBad(parsed)),
                    loss,
                    known?.Classes ?? [],
                    recipe.ForTable(parsed, TableObjectives.Of(loss.Spec), parsed.GetValue(arguments.Seed)),
                    parsed.GetValue(arguments.Validation),
                    parsed.GetValue(arguments.Seed))
                : isText ? TextTask(parsed, path, recipe, arguments, columns)
                : await ImageTask(parsed, path, parsed.GetValue(classes), images, recipe, arguments, preprocessing, console, cancellation).ConfigureAwait(false);
            options.ModelName = task.Name;
            options.Preprocessing = task.Preprocessing;
            options.Classes = task.Classes;
            options.Text = task.Text;
            options.Table = task.Table;
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
                result.BestEpoch ?? (result.Epochs.Length > 0 ? result.Epochs[^1].Epoch : null),
                [.. result.Epochs.Select(e => new PretrainEpochReport(e.Epoch, e.TrainLoss, e.TrainAccuracy, e.ValidationLoss, e.ValidationAccuracy, e.LearningRate))],
                result.Duration.TotalSeconds,
                target,
                words,
                settings.Log,
                plot,
                task.LeftOut)
            {
                SkippedRows = task.SkippedRows,
            };
            console.Report(report, ReportJson.Default.PretrainReport, PretrainReportView.Render);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<PretrainTask> ImageTask(
        ParseResult parsed, string path, string? classes, ImageDataArguments data, RecipeArguments recipe, PretrainArguments arguments, PreprocessingArguments preprocessing, ToolConsole console, CancellationToken cancellationToken)
    {
        bool isNamed = Directory.Exists(path) || DelimitedFile.IsTable(path);
        if (isNamed && classes is not null)
            throw new UsageException("Option --classes belongs to IDX files; folders and tables name their classes themselves.");
        ImmutableArray<string> given = classes is null ? recipe.ClassesOfModel(parsed) : ClassNames.Read(classes);
        ImageSet all = data.Open(parsed, path, given, null, LabelUse.Needed);
        if (given.IsEmpty && !isNamed && all.Labels.Min() == 1 && !data.SaysFirstLabel(parsed))
            throw new UsageException($"The labels run from 1 to {all.Labels.Max()}: say --first-label 1 if they count from 1 (EMNIST's letters do), or --first-label 0 if class 0 is only missing here.");
        int count = Math.Max(all.Classes.Length, all.Labels.Max() + 1);
        int seed = parsed.GetValue(arguments.Seed);
        (string name, OnnxModel model) = recipe.ForImages(parsed, count, !all.IsGrey, seed);
        ImagePreprocessing shape = preprocessing.Read(parsed, model)
            ?? throw new AutLearnException($"The model '{name}' takes no images: it must have {ImageInput.Need}; where it leaves their size open, give --image-size.");
        (ImageSet images, ImmutableArray<SkippedImage> skipped) = await data.CheckAsync(parsed, all, new ImageTensorizer(shape).SufficientSide, console, cancellationToken).ConfigureAwait(false);
        double fraction = parsed.GetValue(arguments.Validation);
        if (!images.Parts.IsEmpty && parsed.GetResult(arguments.Validation) is { Implicit: false })
            throw new UsageException("The data are divided already: leave --validation out.");
        if (fraction > 0 && images.Count < 2)
            throw new DataFileException(path, "one image cannot serve training and validation. Give more, or --validation 0.");
        HoldOutSplit? split = fraction > 0 ? HoldOutSplit.Of(images, DataPart.Validation, fraction, seed) : null;
        return new(
            name,
            model,
            path,
            DataHash.Of(data.Files(parsed, path)),
            new ImageSource(split is null ? images : images.Pick(split.Train), shape),
            split is null ? null : new ImageSource(images.Pick(split.HoldOut), shape),
            count,
            shape,
            images.Classes,
            null)
        {
            LeftOut = DataReport.Of(images, skipped),
        };
    }

    private static PretrainTask TextTask(ParseResult parsed, string path, RecipeArguments recipe, PretrainArguments arguments, SentenceArguments columns)
    {
        int seed = parsed.GetValue(arguments.Seed);
        double heldOut = parsed.GetValue(arguments.Validation);
        TextRecipe network = recipe.ForText(parsed, seed, out int words, out bool isClassifier);
        SentenceSet set = columns.Read(parsed, path, isClassifier ? LabelNeed.Needed : LabelNeed.Ignored);
        if (set.IsDivided && heldOut > 0 && parsed.GetResult(arguments.Validation) is { Implicit: false })
            throw new UsageException("The data are divided already: leave --validation out.");
        return isClassifier
            ? TextTasks.Classifier(set, network, words, recipe.Sequence(parsed), heldOut, seed)
            : TextTasks.LanguageModel(set, network, words, recipe.Sequence(parsed), heldOut);
    }

    private static string WordsPath(string target) => Path.ChangeExtension(target, ".vocabulary.txt");

    private static string WriteWords(string target, ImmutableArray<string> words, string? refuge)
    {
        string path = WordsPath(target);
        OutputFile.Write(path, Encoding.UTF8.GetBytes(string.Join('\n', words) + "\n"), refuge);
        return path;
    }
}
