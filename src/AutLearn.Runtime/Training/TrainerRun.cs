using System.Globalization;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;

namespace AutLearn.Runtime.Training;

/// <summary>One training, from its start or its checkpoint to its end or interruption.</summary>
internal sealed class TrainerRun
{
    private readonly PersonalModel _model;
    private readonly TrainerOptions _options;
    private readonly TimeProvider _time;
    private readonly DataLoader _training;
    private readonly DataLoader? _validation;
    private readonly IProgress<TrainerProgress>? _progress;
    private readonly InputSteps _steps;
    private readonly Dictionary<string, string> _settings;
    private readonly TrainerCheckpoint? _checkpoint;
    private TrainerPosition _position = new();
    private byte[]? _best;
    private long _savedMicroSteps;
    private NonFiniteStepException? _refusal;
    private TrainerLog? _log;

    public TrainerRun(
        PersonalModel model, TrainerOptions options, TimeProvider time, DataLoader training, DataLoader? validation, IProgress<TrainerProgress>? progress)
    {
        _model = model;
        _options = options;
        _time = time;
        _training = training;
        _validation = validation;
        _progress = Observers.Guard(progress, model.Logger);
        _steps = new(model);
        _settings = Describe();
        _checkpoint = options.CheckpointFolder is { } folder ? new(options.FileSystem, folder, options.Key) : null;
    }

    private bool KeepsBest => _validation is not null && _options.FinalParameters == FinalParameters.Best;

    public async Task<TrainerResult> RunAsync(CancellationToken cancellationToken)
    {
        using Observers.GuardedActivity activity = Observers.Start("autlearn.pretrain");
        long start = _time.GetTimestamp();
        using IDisposable? folderLock = _checkpoint?.Lock();
        Resume();
        long resumedAt = _position.Step;
        using (_log = _options.LogFile is { } file ? new(file, _position.LogBytes) : null)
        {
            try
            {
                while (_position.End is null)
                    await EpochAsync(start, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                if (_position.MicroSteps > _savedMicroSteps)
                    Save();
                throw;
            }
        }

        Log.TrainingFinished(_model.Logger, _position.Step, _position.Epochs.Length, _model.ParameterVersion);
        return new(_position.End.Value, _position.Epochs, _position.Step, resumedAt, _position.BestEpoch, _time.GetElapsedTime(start))
        {
            MicroSteps = _position.MicroSteps,
            RefusedSteps = _position.Refusals.Steps,
            RefusedRows = _position.Refusals.Rows,
            IgnoredBatches = _position.IgnoredBatches,
        };
    }

    private async Task EpochAsync(long start, CancellationToken cancellationToken)
    {
        int? batches = _training.BatchCount;
        long savedAt = _position.Step;
        await foreach (TrainingBatch batch in _training.ReadEpochAsync(_position.Epoch, _position.Batch, cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                double rate = _options.Schedule.RateAt(_position.Step, _position.Schedule);
                if (Train(batch, rate, cancellationToken) is not { } result)
                    continue;
                if (result.IsSecondTry)
                    _log?.Refused(_position, batch.Index, result.RefusedRows);
                _position = _position with
                {
                    Batch = batch.Index + 1,
                    Refusals = _position.Refusals.Applied(result),
                    Step = _position.Step + (result.IsUpdate ? 1 : 0),
                    MicroSteps = _position.MicroSteps + 1,
                    LossSum = _position.LossSum + ((double)result.Loss * result.LabelCount),
                    Labels = _position.Labels + result.LabelCount,
                    Correct = _position.Correct + result.CorrectCount,
                    LearningRate = rate,
                };
                _log?.Step(_position, result);
                _progress?.Report(new(_position.Epoch, _options.Epochs, _position.Batch, batches, _position.Step, rate, result));
            }

            if (_position.Step > savedAt && _position.Step % _options.CheckpointSteps == 0)
            {
                Save();
                savedAt = _position.Step;
            }
        }

        EndWindow(cancellationToken);
        if (_position.Labels == 0)
            throw NothingLearned();
        await EndEpochAsync(start, cancellationToken).ConfigureAwait(false);
    }

    // Null for a batch that is passed over: its labels are all ignored, or the model refuses its step.
    private StepResult? Train(TrainingBatch batch, double rate, CancellationToken cancellationToken)
    {
        TrainerPosition passed = _position with { Batch = batch.Index + 1 };
        try
        {
            StepResult result = _steps.Train(batch, rate, cancellationToken);
            if (result.LabelCount > 0)
                return result;
            _position = passed with { IgnoredBatches = passed.IgnoredBatches + 1, Step = passed.Step + (result.IsUpdate ? 1 : 0), LearningRate = result.IsUpdate ? rate : passed.LearningRate };
            _log?.Ignored(_position, batch.Index);
            if (result.IsUpdate)
                _log?.Update(_position);
        }
        catch (NonFiniteStepException error)
        {
            _refusal = error;
            _position = passed with { Refusals = passed.Refusals.Refused(error, passed.Epoch, batch.Index, batch.Rows) };
            _log?.Refused(_position, batch.Index, batch.Rows);
        }
        catch (ArgumentException error) when (LabelCheck.RowOf(error) is { } row)
        {
            string place = batch.SourceRows is { } rows ? $"row {rows[row]} of the source" : $"row {row}";
            throw new ArgumentException($"Epoch {_position.Epoch}, batch {batch.Index}, {place}: {error.Message}", error);
        }

        return null;
    }

    // The last window of an epoch may be incomplete: it updates with its own mean.
    private void EndWindow(CancellationToken cancellationToken)
    {
        double rate = _options.Schedule.RateAt(_position.Step, _position.Schedule);
        try
        {
            if (!_model.ApplyAccumulated(rate, cancellationToken))
                return;
            _position = _position with { Step = _position.Step + 1, LearningRate = rate };
            _log?.Update(_position);
        }
        catch (NonFiniteStepException error)
        {
            _refusal = error;
            _position = _position with { Refusals = _position.Refusals.Refused(error, _position.Epoch, _position.Batch - 1, rows: 0) };
            _log?.Refused(_position, _position.Batch - 1, rows: 0);
        }
    }

    private AutLearnException NothingLearned() => (_position, _refusal) switch
    {
        ({ Batch: 0 }, _) => new AutLearnException($"Epoch {_position.Epoch} has no batch: the training data are empty, or smaller than a batch while incomplete batches are dropped."),
        ({ Refusals.InARow: > 0 }, { } refusal) => _position.Refusals.GiveUp(refusal, _position.Epoch, _position.Batch - 1),
        _ => new AutLearnException($"Epoch {_position.Epoch} changed nothing: in each of its {_position.Batch} batches every label is the ignored one, or the step was refused."),
    };

    private async Task EndEpochAsync(long start, CancellationToken cancellationToken)
    {
        EvaluationResult? measured = await ValidateAsync(cancellationToken).ConfigureAwait(false);
        TrainerPosition p = _position;
        double trainLoss = p.LossSum / p.Labels;
        var epoch = new TrainerEpoch(p.Epoch, p.Step, trainLoss, (double?)p.Correct / p.Labels, measured?.Loss, measured?.Accuracy, p.LearningRate);
        double loss = measured?.Loss ?? trainLoss;
        p = p with
        {
            Epoch = p.Epoch + 1,
            Batch = 0,
            LossSum = 0,
            Labels = 0,
            Correct = 0,
            Schedule = _options.Schedule.Observe(p.Schedule, loss),
            Epochs = p.Epochs.Add(epoch),
        };
        if (loss < p.BestLoss)
        {
            p = p with { BestLoss = loss, BestEpoch = epoch.Epoch };
            if (KeepsBest)
            {
                _best = _model.CaptureState();
                p = p with { BestSha256 = TrainerCheckpoint.HashOf(_best) };
                _checkpoint?.WriteBest(epoch.Epoch, _best);
            }
        }

        p = p with
        {
            End = epoch.Epoch - (p.BestEpoch ?? 0) >= _options.Patience ? TrainerEnd.EarlyStopped
                : p.Epoch > _options.Epochs ? TrainerEnd.Completed
                : null,
        };
        _log?.Epoch(epoch, _time.GetElapsedTime(start));
        if (p.End is not null && p.BestSha256 is not null && p.BestEpoch != epoch.Epoch)
            _model.RestoreState(_best ?? _checkpoint!.ReadBest(p), "best");
        _position = p;
        Save();
    }

    private async Task<EvaluationResult?> ValidateAsync(CancellationToken cancellationToken)
    {
        if (_validation is null)
            return null;
        var sum = new EvaluationSum();
        await foreach (TrainingBatch batch in _validation.ReadEpochAsync(1, 0, cancellationToken).ConfigureAwait(false))
        {
            using (batch)
                _steps.Evaluate(batch, sum, cancellationToken);
        }

        return sum.Result(_model.ParameterVersion);
    }

    private void Resume()
    {
        if (_checkpoint?.Read() is not { } found)
            return;
        foreach (string name in _settings.Keys.Union(found.Header.Settings.Keys).Order(StringComparer.Ordinal))
        {
            string? then = found.Header.Settings.GetValueOrDefault(name), now = _settings.GetValueOrDefault(name);
            if (then != now)
                throw new AutLearnException($"The checkpoint in '{_options.CheckpointFolder}' was made with another setting '{name}': {then ?? "none"}, now {now ?? "none"}. Train with the same settings, or choose another checkpoint folder.");
        }

        _model.RestoreState(found.State, _options.CheckpointFolder!);
        _position = found.Header.Position;
        _savedMicroSteps = _position.MicroSteps;
    }

    private void Save()
    {
        _position = _position with { LogBytes = _log?.Flush() ?? 0 };
        _savedMicroSteps = _position.MicroSteps;
        _checkpoint?.Write(new(_settings, _position), _model.CaptureState());
    }

    private Dictionary<string, string> Describe()
    {
        ArtifactManifest manifest = _model.Manifest;
        string Hash(string file) => manifest.Files.FirstOrDefault(f => f.Path == file)?.Sha256 ?? "none";
        var settings = new Dictionary<string, string>(_options.Settings)
        {
            ["model"] = $"{manifest.ModelName}, step {Hash(ArtifactNames.TrainStep)}, parameters {Hash(ArtifactNames.Parameters)}",
            ["training data"] = _training.Description,
            ["validation data"] = _validation?.Description ?? "none",
            ["schedule"] = _options.Schedule.Description,
            ["epochs"] = _options.Epochs.ToString(CultureInfo.InvariantCulture),
            ["patience"] = _options.Patience?.ToString(CultureInfo.InvariantCulture) ?? "none",
            ["final parameters"] = _options.FinalParameters.ToString(),
        };
        return settings;
    }
}
