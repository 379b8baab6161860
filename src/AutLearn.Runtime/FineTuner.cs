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
    /// <param name="progress">Called once a step that is applied. What it throws is logged and ends nothing.</param>
    /// <param name="cancellationToken">Stops between steps and also the native run; the steps before stay applied.</param>
    /// <returns>What training did.</returns>
    /// <exception cref="ArgumentException">There is no row, a row is of another model, a label is out of range, or all are ignored ones.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    /// <exception cref="NonFiniteStepException">Several steps in a row, or all of an epoch, would have left values that are not finite; the steps before stay applied.</exception>
    /// <exception cref="RunFailedException">A native run failed; the steps before stay applied.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the steps before stay applied.</exception>
    /// <remarks>A batch whose labels are all ignored is passed over and counted; so is a row that a step would be refused for, and the rest of its batch learned from. The same state, features, options and thread count give the same parameters, bit by bit.</remarks>
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
        return Task.Run(() => Train(features, epochs, batchSize, learningRate, seed, Observers.Guard(progress, _model.Logger), cancellationToken), cancellationToken);
    }

    private TrainingResult Train(
        FeatureSet features, int epochs, int batchSize, double learningRate, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        using Observers.GuardedActivity activity = Observers.Start("autlearn.train");
        long start = Stopwatch.GetTimestamp();
        int[] order = new int[features.Rows];
        long batches = (features.Rows + (long)batchSize - 1) / batchSize, window = _model.Manifest.Optimizer.AccumulationSteps ?? 1;
        long stepsInEpoch = (batches + window - 1) / window, steps = 0, microSteps = 0, ignored = 0;
        RefusalCount refusals = default;
        ImmutableArray<EpochResult>.Builder results = ImmutableArray.CreateBuilder<EpochResult>();
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            RowOrder.Shuffle(order, seed, epoch);
            double loss = 0;
            long labels = 0;
            long? correct = 0;
            NonFiniteStepException? refusal = null;
            for (int first = 0; first < order.Length; first += batchSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<int> rows = order.AsSpan(first, Math.Min(batchSize, order.Length - first));
                int batch = first / batchSize;
                StepResult result;
                try
                {
                    result = _model.Train(new FeatureRowsSource(features, rows), learningRate, cancellationToken);
                }
                catch (NonFiniteStepException error)
                {
                    refusals = refusals.Refused(refusal = error, epoch, batch, rows.Length);
                    continue;
                }
                catch (ArgumentException error) when (LabelCheck.RowOf(error) is { } row)
                {
                    throw new ArgumentException($"Epoch {epoch}, batch {batch}, row {rows[row]} of the features: {error.Message}", nameof(features), error);
                }

                steps += result.IsUpdate ? 1 : 0;
                if (result.LabelCount == 0)
                {
                    ignored++;
                    continue;
                }

                microSteps++;
                refusals = refusals.Applied(result);
                loss += (double)result.Loss * result.LabelCount;
                labels += result.LabelCount;
                correct += result.CorrectCount;
                progress?.Report(new(epoch, epochs, steps, epochs * stepsInEpoch, result));
            }

            try
            {
                steps += _model.ApplyAccumulated(learningRate, cancellationToken) ? 1 : 0;
            }
            catch (NonFiniteStepException error)
            {
                refusals = refusals.Refused(refusal = error, epoch, (int)batches - 1, rows: 0);
            }

            if (labels == 0)
                throw refusal is null ? new ArgumentException("Every label of the features is the ignored one, so there is nothing to learn from.", nameof(features)) : refusals.GiveUp(refusal, epoch, (int)batches - 1);
            results.Add(new(loss / labels, (double?)correct / labels));
        }

        long version = _model.ParameterVersion;
        Log.TrainingFinished(_model.Logger, steps, epochs, version);
        return new(results.ToImmutable(), steps, Stopwatch.GetElapsedTime(start), version) { MicroSteps = microSteps, RefusedSteps = refusals.Steps, RefusedRows = refusals.Rows, IgnoredBatches = ignored };
    }
}
