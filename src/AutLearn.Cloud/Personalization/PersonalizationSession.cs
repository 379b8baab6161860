using System.Diagnostics;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Personalization;

/// <summary>Personalises a model on some images and measures it on the rest, before and after.</summary>
internal static class PersonalizationSession
{
    /// <summary>Runs the session.</summary>
    /// <param name="model">The model, which is trained and stays the caller's.</param>
    /// <param name="modelName">What to call the model in the report.</param>
    /// <param name="images">Labelled images, at least 2.</param>
    /// <param name="dataName">What to call the images in the report.</param>
    /// <param name="packageBytes">The size of the artifacts.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="console">Shows progress.</param>
    /// <param name="cancellationToken">Ends the work; the last finished step stays in the model.</param>
    public static async Task<PersonalizeReport> RunAsync(
        PersonalModel model,
        string modelName,
        ImageSet images,
        string dataName,
        long packageBytes,
        PersonalizationSettings settings,
        ToolConsole console,
        CancellationToken cancellationToken)
    {
        if (images.Count < 2)
            throw new AutLearnException($"{dataName}: {images.Count} images are too few to learn from some and measure on others.");
        var personalizer = new Personalizer(model);
        HoldOutSplit split = HoldOutSplit.Of(images, DataPart.Test, settings.HoldOutFraction, settings.Seed);

        var watch = Stopwatch.StartNew();
        FeatureSet features = await console.TrackAsync(
            "Reading images",
            images.Count,
            report => Task.Run(() => personalizer.Extract(images, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
        double featureSeconds = watch.Elapsed.TotalSeconds;
        FeatureSet train = features.Select(split.Train.AsSpan());
        FeatureSet holdOut = features.Select(split.HoldOut.AsSpan());

        ScoreReport before = personalizer.Score(holdOut, cancellationToken);
        long stepsPerEpoch = (split.Train.Length + settings.BatchSize - 1) / settings.BatchSize;
        TrainingResult run = await console.TrackAsync(
            "Training",
            settings.Epochs * stepsPerEpoch,
            report => personalizer.TrainAsync(
                train,
                settings,
                new StepObserver(p => report(p.Step, FormattableString.Invariant($"epoch {p.Epoch} of {p.Epochs}, loss {p.Result.Loss:0.000}"))),
                cancellationToken)).ConfigureAwait(false);
        ScoreReport after = personalizer.Score(holdOut, cancellationToken);

        return new PersonalizeReport(
            modelName,
            dataName,
            images.Classes.Length,
            split.Train.Length,
            split.HoldOut.Length,
            new SettingsReport(settings.Epochs, settings.BatchSize, settings.LearningRate, settings.Seed, settings.HoldOutFraction, model.Manifest.Optimizer.Kind),
            TrainedReport.Of(model.Manifest),
            before,
            after,
            run.Steps,
            new TimeReport(featureSeconds, run.Duration.TotalSeconds),
            [.. run.Epochs.Select((e, i) => new EpochReport(i + 1, e.Loss, e.Accuracy))],
            packageBytes,
            null,
            null,
            DataReport.Of(images, []));
    }

    // Progress<T> would hop threads and reorder reports; a bar wants each step as it comes.
    private sealed class StepObserver(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
