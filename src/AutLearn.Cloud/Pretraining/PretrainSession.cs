using System.Globalization;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Compiles a network so that all of it learns, trains it, and writes it out.</summary>
internal static class PretrainSession
{
    /// <summary>Runs the session.</summary>
    /// <param name="task">What to train on what.</param>
    /// <param name="settings">How.</param>
    /// <param name="options">How to compile.</param>
    /// <param name="console">Shows progress.</param>
    /// <param name="cancellationToken">Ends the work; the checkpoint then holds the last finished step.</param>
    /// <returns>What training did, and the manifest of what was trained.</returns>
    public static async Task<(TrainerResult Result, ArtifactManifest Manifest)> RunAsync(
        PretrainTask task, PretrainSettings settings, CompileOptions options, ToolConsole console, CancellationToken cancellationToken)
    {
        // All that can be wrong with what was asked for is told before anything is written.
        DataLoader training = Training(task.Training, settings);
        if (training.BatchCount is not > 0)
            throw new AutLearnException($"The training would make no update: {task.Data} has {task.Training.Count} rows, which make no batch of {settings.BatchSize}.");
        int window = options.AccumulationSteps;
        long steps = (training.BatchCount.Value + window - 1L) / window * settings.Epochs;
        LearningRateSchedule schedule = settings.Schedule(steps);
        CompiledArtifacts artifacts = ModelCompiler.Compile(task.Model, options, progress: null, cancellationToken);
        CheckLabels(task, artifacts.Manifest);
        string folder = settings.Checkpoint ?? Directory.CreateTempSubdirectory("autlearn-pretrain-").FullName;
        try
        {
            Directory.CreateDirectory(folder);
            string package = Path.Combine(folder, "model.autlearn");
            artifacts.SavePackage(package);
            using PersonalModel model = PersonalModel.Open(package, new PersonalModelOptions
            {
                IntraOpThreads = settings.Threads,
                Seed = settings.Seed,
                ExecutionProviders = settings.Provider == "cpu" ? [] : [settings.Provider],
            });
            DataLoader? validation = task.Validation is { } rows
                ? new(rows, new() { BatchSize = settings.BatchSize, Order = SampleOrder.Sequential })
                : null;
            var trainer = new Trainer(model, new TrainerOptions
            {
                Epochs = settings.Epochs,
                Schedule = schedule,
                Patience = settings.Patience,
                CheckpointFolder = settings.Checkpoint,
                CheckpointSteps = settings.CheckpointSteps,
                LogFile = settings.Log,
                Settings = new Dictionary<string, string>
                {
                    ["data"] = task.DataSha256,
                    ["seed"] = settings.Seed.ToString(CultureInfo.InvariantCulture),
                    ["provider"] = settings.Provider,
                    ["threads"] = settings.Threads.ToString(CultureInfo.InvariantCulture),
                },
            });
            TrainerResult result = await console.TrackAsync(
                "Training",
                steps,
                report => trainer.TrainAsync(
                    training,
                    validation,
                    new StepObserver(p => report(p.Step, FormattableString.Invariant($"epoch {p.Epoch} of {p.Epochs}, loss {p.Result.Loss:0.000}"))),
                    cancellationToken)).ConfigureAwait(false);
            Export(model, settings);
            return (result, model.Manifest);
        }
        finally
        {
            if (settings.Checkpoint is null)
                Directory.Delete(folder, recursive: true);
        }
    }

    // A model of public data need not be its owner's alone.
    private static void Export(PersonalModel model, PretrainSettings settings)
    {
        using var stream = new MemoryStream();
        model.Export(stream);
        try
        {
            OutputFile.Write(settings.Out, stream.GetBuffer().AsMemory(0, (int)stream.Length), settings.Checkpoint);
        }
        catch (DataFileException e) when (settings.Checkpoint is not null)
        {
            throw new AutLearnException($"{e.Message} Given again with another --out, the same command writes the model without training again.", e);
        }
    }

    // Batch normalisation learns little from a lone last row; where lengths make many batches, each would lose its own.
    private static DataLoader Training(ISampleSource rows, PretrainSettings settings) => new(rows, new()
    {
        BatchSize = settings.BatchSize,
        Seed = settings.Seed,
        LastBatch = rows.Count >= settings.BatchSize && Enumerable.Range(1, rows.Count - 1).All(i => rows.BucketOf(i) == rows.BucketOf(0)) ? LastBatch.Drop : LastBatch.Keep,
    });

    private static void CheckLabels(PretrainTask task, ArtifactManifest manifest)
    {
        int fed = task.Training.Read(0, 1).Inputs.Length;
        if (manifest.Inputs.Length != fed)
            throw new AutLearnException($"The model '{task.Name}' has {manifest.Inputs.Length} inputs; pretraining on these data feeds {(fed == 1 ? "one" : $"{fed}")}.");
        if (Commands.ClassCount.Of(manifest) is { } classes && classes < task.Labels)
            throw new AutLearnException($"The model '{task.Name}' scores {classes} classes, but {task.Data} has {task.Labels}.");
    }

    // Progress<T> would hop threads and reorder reports; a bar wants each step as it comes.
    private sealed class StepObserver(Action<TrainerProgress> report) : IProgress<TrainerProgress>
    {
        public void Report(TrainerProgress value) => report(value);
    }
}
