using System.Collections.Immutable;
using System.Diagnostics;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Personalization;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Tables;

/// <summary>Measures and personalises models of tables.</summary>
internal static class TableSessions
{
    /// <summary>Measures a model; lists its predictions too.</summary>
    public static EvaluateTableReport Evaluate(TableModel model, string name, NumberTable table, Stopwatch watch, CancellationToken cancellationToken)
    {
        TableFigures? figures = null;
        if (!table.Targets.IsEmpty)
        {
            int[] rows = [.. Enumerable.Range(0, table.Count)];
            ImmutableArray<Tensor> labels = model.Labels(table);
            figures = model.Measure(table, labels, model.Extract(table, labels, rows, cancellationToken), rows, cancellationToken);
        }

        return new(name, table.Path, KindOf(model), table.Count, table.Skipped, figures, model.Predict(table, cancellationToken), watch.Elapsed.TotalSeconds);
    }

    /// <summary>Fine-tunes a model on some rows and measures it on the rest, before and after.</summary>
    public static async Task<PersonalizeTableReport> PersonalizeAsync(
        TableModel model, string name, NumberTable table, long packageBytes, PersonalizationSettings settings, ToolConsole console, CancellationToken cancellationToken)
    {
        if (table.Count < 2)
            throw new DataFileException(table.Path, "one row is too little to learn from some and measure on others.");
        HoldOutSplit split = HoldOutSplit.Of(table.Count, settings.HoldOutFraction, settings.Seed);
        ImmutableArray<Tensor> labels = model.Labels(table);
        FeatureSet train = model.Extract(table, labels, split.Train, cancellationToken), held = model.Extract(table, labels, split.HoldOut, cancellationToken);
        TableFigures before = model.Measure(table, labels, held, split.HoldOut, cancellationToken);
        var watch = Stopwatch.StartNew();
        long steps = (long)settings.Epochs * ((split.Train.Length + settings.BatchSize - 1) / settings.BatchSize);
        TrainingResult result = await console.TrackAsync(
            "Training",
            steps,
            report => new FineTuner(model.Model).TrainAsync(
                train,
                new TrainingOptions { Epochs = settings.Epochs, BatchSize = settings.BatchSize, LearningRate = settings.LearningRate, Seed = settings.Seed },
                new Steps(p => report(p.Step, FormattableString.Invariant($"epoch {p.Epoch} of {p.Epochs}, loss {p.Result.Loss:0.000}"))),
                cancellationToken)).ConfigureAwait(false);
        double seconds = watch.Elapsed.TotalSeconds;
        return new(
            name,
            table.Path,
            KindOf(model),
            split.Train.Length,
            split.HoldOut.Length,
            table.Skipped,
            new(settings.Epochs, settings.BatchSize, settings.LearningRate, settings.Seed, settings.HoldOutFraction, model.Model.Manifest.Optimizer.Kind),
            TrainedReport.Of(model.Model.Manifest),
            before,
            model.Measure(table, labels, held, split.HoldOut, cancellationToken),
            result.Steps,
            [.. result.Epochs.Select((e, i) => new EpochReport(i + 1, e.Loss, e.Accuracy))],
            packageBytes,
            seconds,
            null,
            null);
    }

    private static string KindOf(TableModel model) => model.Objective switch
    {
        TableObjective.Tags => "tags",
        TableObjective.Classes => "classes",
        _ => "numbers",
    };

    // Progress<T> would hop threads and reorder reports; a bar wants each step as it comes.
    private sealed class Steps(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
