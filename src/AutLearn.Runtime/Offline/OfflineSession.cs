using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Offline;

/// <summary>One training in one window: a candidate model that walks through the plan.</summary>
internal sealed class OfflineSession : IDisposable
{
    private readonly OfflinePlan _plan;
    private readonly OfflineFeatures _features;
    private readonly PersonalModel _candidate;
    private readonly Action<OfflineCheckpoint> _save;
    private readonly CpuDuty _duty;
    private readonly int _checkpointSteps;
    private readonly RowLayout _layout;
    private readonly byte[] _row;
    private readonly byte[] _label;
    private readonly int[] _order;
    private readonly FeatureSet _holdOut;
    private readonly Dictionary<int, RowBuffers> _buffers = [];
    private OfflinePosition _position;
    private byte[] _best;
    private long _windowSteps;

    public OfflineSession(
        PersonalModel serving, RowLayout layout, OfflinePlan plan, OfflineCheckpoint? saved, OfflineFeatures features, CpuDuty duty, int checkpointSteps, Action<OfflineCheckpoint> save)
    {
        _plan = plan;
        _features = features;
        _duty = duty;
        _checkpointSteps = checkpointSteps;
        _save = save;
        _candidate = serving.Fork();
        _holdOut = _candidate.CreateFeatureSet();
        _layout = layout;
        _row = new byte[layout.FeatureSizeInBytes];
        _label = new byte[layout.LabelSizeInBytes];
        _order = new int[plan.Rows];
        if (saved is null)
        {
            _candidate.CopyFrom(serving);
            _position = new(1, 0, 0, double.NaN);
            _best = _candidate.CaptureState();
        }
        else
        {
            _candidate.RestoreState(saved.State, "checkpoint");
            _position = saved.Position;
            _best = saved.Best;
        }
    }

    public PersonalModel Candidate => _candidate;

    public OfflinePosition Position => _position;

    public FeatureSet HoldOut => _holdOut;

    public OfflineProgress Progress => new(
        Math.Min(_position.Epoch, _plan.Epochs),
        _plan.Epochs,
        ((long)(_position.Epoch - 1) * _plan.Batches) + _position.Batch,
        _plan.Steps,
        _features.Computed,
        _features.Reused,
        _windowSteps);

    /// <summary>Goes on until training is over or the window closes.</summary>
    /// <returns>Whether training is over; the candidate then holds the best parameters.</returns>
    public bool Run(IProgress<OfflineProgress>? progress, CancellationToken endOfWindow, CancellationToken cancellationToken)
    {
        try
        {
            if (!LoadHoldOut(progress, endOfWindow, cancellationToken))
                return Suspend();
            if (_position is { Epoch: 1, Batch: 0 } && _holdOut.Rows > 0 && double.IsNaN(_position.BestLoss))
                _position = _position with { BestLoss = _candidate.Evaluate(_holdOut, cancellationToken).Loss };
            while (_position.Epoch <= _plan.Epochs)
            {
                if (!RunEpoch(progress, endOfWindow, cancellationToken))
                    return Suspend();
                EndAccumulation(cancellationToken);
                EndEpoch(cancellationToken);
                Save();
            }
        }
        catch (OperationCanceledException)
        {
            Save();
            throw;
        }
        catch (NonFiniteStepException)
        {
            Log.OfflineDiverged(_candidate.Logger, _position.Epoch);
            _position = _position with { Epoch = _plan.Epochs + 1, Batch = 0 };
            Save();
        }

        if (_holdOut.Rows > 0)
            _candidate.RestoreState(_best, "checkpoint");
        return true;
    }

    public void Dispose() => _candidate.Dispose();

    private bool Suspend()
    {
        Save();
        return false;
    }

    private void Save() => _save(new() { Plan = _plan, Position = _position, State = _candidate.CaptureState(), Best = _best });

    private bool LoadHoldOut(IProgress<OfflineProgress>? progress, CancellationToken endOfWindow, CancellationToken cancellationToken)
    {
        var single = new RowBuffers(_layout, 1);
        foreach (HistorySample sample in _plan.HoldOut)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (endOfWindow.IsCancellationRequested)
                return false;
            _duty.Begin();
            if (_features.TryGet(sample, 0, _row, _label, cancellationToken) && _features.IsSound(sample, _row))
            {
                single.Set(0, _row, _label);
                _holdOut.Add(single.Boundary, single.Labels, 1);
            }

            _duty.Rest(endOfWindow, cancellationToken);
            progress?.Report(Progress);
        }

        return true;
    }

    private bool RunEpoch(IProgress<OfflineProgress>? progress, CancellationToken endOfWindow, CancellationToken cancellationToken)
    {
        RowOrder.Shuffle(_order, _plan.Seed, _position.Epoch);
        while (_position.Batch < _plan.Batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (endOfWindow.IsCancellationRequested)
                return false;
            int first = _position.Batch * _plan.BatchSize;
            _duty.Begin();
            Step(_order.AsSpan(first, Math.Min(_plan.BatchSize, _order.Length - first)), cancellationToken);
            _duty.Rest(endOfWindow, cancellationToken);
            _position = _position with { Batch = _position.Batch + 1 };
            progress?.Report(Progress);
            if (_position.Batch % _checkpointSteps == 0 && _position.Batch < _plan.Batches)
                Save();
        }

        return true;
    }

    private void Step(ReadOnlySpan<int> rows, CancellationToken cancellationToken)
    {
        RowBuffers buffers = BuffersFor(rows.Length);
        int filled = 0;
        foreach (int row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (HistorySample sample, int variant) = (_plan.Train[row / (1 + _plan.Variants)], row % (1 + _plan.Variants));
            if (_features.TryGet(sample, variant, _row, _label, cancellationToken))
                buffers.Set(filled++, _row, _label);
        }

        if (filled == 0)
            return;
        if (filled < rows.Length)
            buffers = Shorten(buffers, filled);
        var source = new BufferSource(buffers.Boundary, buffers.Labels, logits: null, logitsVersion: null);
        try
        {
            StepResult result = _candidate.Train(source, _plan.LearningRate, cancellationToken);
            _windowSteps += result.IsUpdate ? 1 : 0;
            if (result.LabelCount > 0)
                _position = _position with { Refusals = _position.Refusals.Applied(result) };
        }
        catch (NonFiniteStepException)
        {
            _position = _position with { Refusals = _position.Refusals.Refused(filled) };
            if (_position.Refusals.IsOver)
                throw;
        }
    }

    private void EndAccumulation(CancellationToken cancellationToken)
    {
        try
        {
            _windowSteps += _candidate.ApplyAccumulated(_plan.LearningRate, cancellationToken) ? 1 : 0;
        }
        catch (NonFiniteStepException)
        {
            _position = _position with { Refusals = _position.Refusals.Refused(rows: 0) };
            if (_position.Refusals.IsOver)
                throw;
        }
    }

    private RowBuffers BuffersFor(int rows)
    {
        if (!_buffers.TryGetValue(rows, out RowBuffers? buffers))
            _buffers.Add(rows, buffers = new(_layout, rows));
        return buffers;
    }

    private RowBuffers Shorten(RowBuffers source, int rows)
    {
        RowBuffers target = BuffersFor(rows);
        for (int i = 0; i < target.Boundary.Length; i++)
            source.Boundary[i].Bytes[..target.Boundary[i].Bytes.Length].CopyTo(target.Boundary[i].Bytes);
        source.Labels.Bytes[..target.Labels.Bytes.Length].CopyTo(target.Labels.Bytes);
        return target;
    }

    private void EndEpoch(CancellationToken cancellationToken)
    {
        int epoch = _position.Epoch;
        _position = _position with { Epoch = epoch + 1, Batch = 0 };
        if (_holdOut.Rows == 0)
            return;
        double loss = _candidate.Evaluate(_holdOut, cancellationToken).Loss;
        if (loss < _position.BestLoss)
        {
            _position = _position with { BestEpoch = epoch, BestLoss = loss };
            _best = _candidate.CaptureState();
        }
        else if (epoch - _position.BestEpoch >= _plan.Patience)
        {
            _position = _position with { Epoch = _plan.Epochs + 1 };
        }
    }
}
