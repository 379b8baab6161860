using System.Collections.Immutable;
using System.Diagnostics;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Personalization;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Terminal;
using AutLearn.Runtime;
using AutLearn.Text;

namespace AutLearn.Cloud.Texts;

/// <summary>Measures and personalises text models.</summary>
internal static class TextSessions
{
    // Features of a person's own text take far less.
    private const long MostFeatureBytes = 2L << 30;

    /// <summary>Measures a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">What to call it in the report.</param>
    /// <param name="set">The sentences.</param>
    /// <param name="part">The part of divided data that the sentences are; null where they are not divided.</param>
    /// <param name="watch">Runs since the model was opened.</param>
    /// <param name="console">Shows progress.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<EvaluateTextReport> EvaluateAsync(TextModel model, string name, SentenceSet set, string? part, Stopwatch watch, ToolConsole console, CancellationToken cancellationToken)
    {
        TextRows rows = model.Rows(set);
        TextScore score = await console.TrackAsync(
            "Scoring texts",
            rows.Count,
            report => Task.Run(() => model.Score(rows, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
        PredictionReport[] labelled = [.. score.Predictions.Where(p => p.Label is not null)];
        (ImmutableArray<ClassFigures> classes, ImmutableArray<ConfusionCell> confusion) = ConfusionTable.Of(labelled, model.Model.Manifest.Classes);
        long tokens = rows.Tokens.Sum(t => (long)t.Length);
        double? unknown = model.Encoder.Tokenizer is WordVocabulary words && tokens > 0 ? (double)rows.Tokens.Sum(t => t.Count(n => n == words.Unknown)) / tokens : null;
        return new(name, set.Description, part, KindOf(model), set.Sentences.Count, tokens, unknown, score.Figures(), classes, confusion, watch.Elapsed.TotalSeconds, [.. score.Predictions.Select(p => new TextPredictionReport(p.Image, p.Label, p.Top))]);
    }

    /// <summary>Fine-tunes a model on some of a person's texts and measures it on the rest, before and after.</summary>
    /// <param name="model">The model, which is trained.</param>
    /// <param name="name">What to call it in the report.</param>
    /// <param name="set">The sentences; a classifier's with labels.</param>
    /// <param name="packageBytes">The size of the artifacts.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="console">Shows progress.</param>
    /// <param name="cancellationToken">Ends the work; the last finished step stays in the model.</param>
    public static async Task<PersonalizeTextReport> PersonalizeAsync(
        TextModel model, string name, SentenceSet set, long packageBytes, PersonalizationSettings settings, ToolConsole console, CancellationToken cancellationToken)
    {
        (TextRows train, TextRows heldOut) = set.IsDivided
            ? (model.Rows(set.Pick(DataPart.Training)), model.Rows(set.Pick(set.Measured(DataPart.Test))))
            : Split(model, set, settings);
        var watch = Stopwatch.StartNew();
        FeatureSet features = await console.TrackAsync(
            "Reading texts",
            train.Count,
            report => Task.Run(() => Extract(model, set, train, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
        double featureSeconds = watch.Elapsed.TotalSeconds;
        TextFigures before = Score();
        long stepsPerEpoch = (train.Count + settings.BatchSize - 1) / settings.BatchSize;
        TrainingResult run = await console.TrackAsync(
            "Training",
            settings.Epochs * stepsPerEpoch,
            report => new FineTuner(model.Model).TrainAsync(
                features,
                new TrainingOptions { Epochs = settings.Epochs, BatchSize = settings.BatchSize, LearningRate = settings.LearningRate, Seed = settings.Seed },
                new StepObserver(p => report(p.Step, FormattableString.Invariant($"epoch {p.Epoch} of {p.Epochs}, loss {p.Result.Loss:0.000}"))),
                cancellationToken)).ConfigureAwait(false);
        return new(
            name,
            set.Description,
            KindOf(model),
            train.Count,
            heldOut.Count,
            new SettingsReport(settings.Epochs, settings.BatchSize, settings.LearningRate, settings.Seed, settings.HoldOutFraction, model.Model.Manifest.Optimizer.Kind),
            TrainedReport.Of(model.Model.Manifest),
            before,
            Score(),
            run.Steps,
            new TimeReport(featureSeconds, run.Duration.TotalSeconds),
            [.. run.Epochs.Select((e, i) => new EpochReport(i + 1, e.Loss, e.Accuracy))],
            packageBytes,
            null,
            null);

        TextFigures Score() => model.Score(heldOut, _ => { }, cancellationToken).Figures()!;
    }

    private static (TextRows Train, TextRows HeldOut) Split(TextModel model, SentenceSet set, PersonalizationSettings settings)
    {
        TextRows rows = model.Rows(set);
        if (rows.Count < 2)
            throw new DataFileException(set.Path, $"{(model.IsLanguageModel ? $"one sequence of {model.Encoder.Spec.MaxLength} tokens is" : "one sentence is")} too little to learn from some and measure on others.");
        HoldOutSplit split = model.IsLanguageModel ? End(rows.Count, settings.HoldOutFraction) : HoldOutSplit.Of(rows.Count, settings.HoldOutFraction, settings.Seed);
        return (rows.Pick(split.Train), rows.Pick(split.HoldOut));
    }

    private static FeatureSet Extract(TextModel model, SentenceSet set, TextRows rows, Action<int> progress, CancellationToken cancellationToken)
    {
        long bytes = model.Extract(rows.Pick([0]), _ => { }, cancellationToken).SizeInBytes * rows.Count;
        if (bytes > MostFeatureBytes)
            throw new DataFileException(set.Path, $"is too much for one person's text: what the frozen layers make of it takes {Amounts.Bytes(bytes)}. Give less than {rows.Count * MostFeatureBytes / bytes} rows, or pretrain on it.");
        return model.Extract(rows, progress, cancellationToken);
    }

    // The newest is what comes next, so it is measured on.
    private static HoldOutSplit End(int count, double fraction)
    {
        int held = Math.Clamp((int)Math.Round(count * fraction), 1, count - 1);
        return new([.. Enumerable.Range(0, count - held)], [.. Enumerable.Range(count - held, held)]);
    }

    private static string KindOf(TextModel model) => model.IsLanguageModel ? "language_model" : "classifier";

    // Progress<T> would hop threads and reorder reports; a bar wants each step as it comes.
    private sealed class StepObserver(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
