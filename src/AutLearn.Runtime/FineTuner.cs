using System.Collections.Immutable;
using System.Diagnostics;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Training;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime;

/// <summary>Trains a model's head for some epochs on features that were computed once.</summary>
/// <remarks>Safe for use by several threads; steps of two trainings on one model then mix.</remarks>
public sealed class FineTuner
{
    private readonly PersonalModel _model;

    /// <summary>Creates a trainer.</summary>
    /// <param name="model">The model, which stays the caller's.</param>
    public FineTuner(PersonalModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
    }

    /// <summary>Trains on a worker thread.</summary>
    /// <param name="features">At least one row; not changed until training ends.</param>
    /// <param name="options">How to train; null takes the artifacts' recommendation.</param>
    /// <param name="progress">Called once a step.</param>
    /// <param name="cancellationToken">Stops between steps and also the native run; the steps before stay applied.</param>
    /// <returns>What training did.</returns>
    /// <exception cref="ArgumentException">There is no row, a row is of another model, or a label is out of range.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    /// <exception cref="NonFiniteStepException">A step is not finite; those before it stay applied.</exception>
    /// <exception cref="RunFailedException">A native run failed; the steps before stay applied.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the steps before stay applied.</exception>
    /// <remarks>The same state, features, options and thread count give the same parameters, bit by bit.</remarks>
    public Task<TrainingResult> TrainAsync(
        FeatureSet features,
        TrainingOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        features.CheckBackbone(_model.Manifest);
        options ??= new();
        ValidateOptionsResult valid = new TrainingOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(TrainingOptions), typeof(TrainingOptions), valid.Failures);
        int epochs = options.Epochs ?? _model.Manifest.Defaults.Epochs;
        int batchSize = options.BatchSize ?? _model.Manifest.Defaults.BatchSize;
        double learningRate = options.LearningRate ?? _model.Manifest.Defaults.LearningRate;
        int seed = options.Seed;
        return Task.Run(() => Train(features, epochs, batchSize, learningRate, seed, progress, cancellationToken), cancellationToken);
    }

    private TrainingResult Train(
        FeatureSet features, int epochs, int batchSize, double learningRate, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        using Activity? activity = Telemetry.Activities.StartActivity("autlearn.train");
        long start = Stopwatch.GetTimestamp();
        int[] order = new int[features.Rows];
        long stepsInEpoch = (features.Rows + (long)batchSize - 1) / batchSize, step = 0;
        ImmutableArray<EpochResult>.Builder results = ImmutableArray.CreateBuilder<EpochResult>();
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            RowOrder.Shuffle(order, seed, epoch);
            double loss = 0;
            long labels = 0;
            long? correct = 0;
            for (int first = 0; first < order.Length; first += batchSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                StepResult result = _model.TrainRows(features, order.AsSpan(first, Math.Min(batchSize, order.Length - first)), learningRate, cancellationToken);
                loss += (double)result.Loss * result.LabelCount;
                labels += result.LabelCount;
                correct += result.CorrectCount;
                progress?.Report(new(epoch, epochs, ++step, epochs * stepsInEpoch, result));
            }

            results.Add(new(loss / labels, (double?)correct / labels));
        }

        long version = _model.ParameterVersion;
        Log.TrainingFinished(_model.Logger, epochs * stepsInEpoch, epochs, version);
        return new(results.ToImmutable(), epochs * stepsInEpoch, Stopwatch.GetElapsedTime(start), version);
    }
}
