using AutLearn.Cache;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Online;

/// <summary>Turns a leased batch into one training step: replay, gate and learning rate. For one thread at a time.</summary>
internal sealed class OnlineStep : IDisposable
{
    private const double RecentDecay = 0.2;

    // The usual loss follows success faster than failure, or the first steps of learning would hide every later rise.
    private const double UsualDecayDown = 0.1;
    private const double UsualDecayUp = 0.02;

    private readonly PersonalModel _model;
    private readonly int _batchSize;
    private readonly int _replayRows;
    private readonly RowLayout _layout;
    private readonly LabelCheck _labels;
    private readonly double _learningRate;
    private readonly double _driftBoost;
    private readonly ReplayMemory? _replay;
    private readonly TensorBuffer _logits;
    private readonly byte[] _row;
    private readonly Dictionary<int, RowBuffers> _buffers = [];
    private readonly bool[] _isRefused;
    private readonly bool[] _waits;
    private RowBuffers _trained;
    private double _recentLoss = double.NaN;
    private double _usualLoss = double.NaN;

    public OnlineStep(PersonalModel model, RowLayout layout, OnlineLearnerOptions options)
    {
        ArtifactManifest manifest = model.Manifest;
        _model = model;
        _batchSize = options.BatchSize;
        _replayRows = options.ReplayRows;
        _layout = layout;
        _labels = new(manifest);
        _learningRate = options.LearningRate ?? manifest.Defaults.LearningRate;
        _driftBoost = options.DriftBoost;
        _trained = BuffersFor(options.BatchSize);
        _row = new byte[layout.FeatureSizeInBytes + layout.LabelSizeInBytes];
        _isRefused = new bool[options.BatchSize];
        _waits = new bool[options.BatchSize];
        _logits = layout.Logits(options.BatchSize);
        if (options.ReplayRows > 0)
        {
            int capacity = (int)Math.Min(options.ReplayCapacityInBytes / _row.Length, int.MaxValue);
            _replay = new(_row.Length, layout.IsClass ? options.ReplayRowsPerClass : capacity, capacity, options.Seed);
        }

        Gate = options.Gate is { } gate ? new(model, gate, options.GateWindow) : null;
    }

    /// <summary>Gets the gate; null where each step serves at once.</summary>
    public OnlineGate? Gate { get; }

    public long ReplayedRows { get; private set; }

    /// <summary>Gets which rows of the last batch no step has taken yet, though one can.</summary>
    public ReadOnlySpan<bool> Waits => _waits;

    /// <summary>Trains one step; if it throws, all is as before. A batch whose labels are all ignored changes nothing, and its result counts no label.</summary>
    /// <exception cref="NonFiniteStepException">No row can be learned from.</exception>
    public StepResult Train(CacheBatch batch, CancellationToken cancellationToken)
    {
        RowBuffers fresh = BuffersFor(batch.Count);
        Fill(fresh, batch);
        _waits.AsSpan().Clear();
        if (AreAllIgnored(fresh))
            return new(float.NaN, null, 0, null, _model.ParameterVersion);
        try
        {
            _trained = fresh;
            Gate?.Observe(fresh.Boundary, fresh.Labels, batch.Count, cancellationToken);
            return Step(WithReplay(fresh, batch.Count), batch, cancellationToken);
        }
        catch (NonFiniteStepException)
        {
            if (TrainRest(fresh, cancellationToken) is { } rest)
                return rest;
            throw;
        }
    }

    /// <summary>Takes note of an applied step: what serves, what is replayed, and how the loss goes.</summary>
    /// <param name="result">What the step measured.</param>
    public void Settle(StepResult result)
    {
        Follow(result.Loss);
        Remember(_trained, _trained.Rows);
        Gate?.Trained();
    }

    /// <summary>Drops what replay keeps.</summary>
    public void Clear() => _replay?.Clear();

    public void Dispose() => Gate?.Dispose();

    // Without the rows that would be refused by themselves: the gate must not judge by them either.
    private StepResult? TrainRest(RowBuffers fresh, CancellationToken cancellationToken)
    {
        int[] rows = Learner.FindTrainable(new(fresh.Boundary, fresh.Labels), Rate(), _isRefused, cancellationToken);
        if (rows.Length == 0)
            return null;
        _trained = BuffersFor(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            fresh.Get(rows[i], Features);
            _trained.Set(i, Features, fresh.LabelOf(rows[i]));
        }

        for (int row = 0; row < fresh.Rows; row++)
            _waits[row] = !_isRefused[row] && Array.BinarySearch(rows, row) < 0;
        int refused = _isRefused.AsSpan(0, fresh.Rows).Count(true);
        Gate?.Observe(_trained.Boundary, _trained.Labels, rows.Length, cancellationToken);
        StepResult result;
        try
        {
            result = Step(WithReplay(_trained, rows.Length), cancellationToken);
        }
        catch (NonFiniteStepException) when (_replay is { Rows: > 0 })
        {
            // Then what was learned long ago no longer fits.
            result = Step(_trained, cancellationToken);
        }

        return result with { RefusedRows = refused, IsSecondTry = true };
    }

    private Span<byte> Features => _row.AsSpan(0, _layout.FeatureSizeInBytes);

    private PersonalModel Learner => Gate?.Candidate ?? _model;

    private double Rate() => _learningRate * Boost();

    private StepResult Step(RowBuffers rows, CancellationToken cancellationToken) => Learner.TrainStep(rows.Boundary, rows.Labels, Rate(), cancellationToken);

    private StepResult Step(RowBuffers rows, CacheBatch batch, CancellationToken cancellationToken)
    {
        if (Gate is not null || batch.LogitsVersion is not { } version || rows.Rows != batch.Count)
            return Step(rows, cancellationToken);
        TensorBuffer logits = batch.Count == _batchSize ? _logits : _layout.Logits(batch.Count);
        batch.LogitBytes.CopyTo(logits.Bytes);

        // The model compares the logits' own version with its parameters' as the step begins: they may have changed since the rows were leased.
        return _model.TrainStep(rows.Boundary, logits, version, rows.Labels, Rate(), cancellationToken);
    }

    private RowBuffers WithReplay(RowBuffers fresh, int count)
    {
        if (_replay is not { Rows: > 0 })
            return fresh;
        RowBuffers all = BuffersFor(count + _replayRows);
        for (int i = 0; i < count; i++)
        {
            fresh.Get(i, Features);
            all.Set(i, Features, fresh.LabelOf(i));
        }

        for (int i = 0; i < _replayRows; i++)
        {
            _replay.TryDraw(_row);
            all.Set(count + i, Features, _row.AsSpan(_layout.FeatureSizeInBytes));
        }

        ReplayedRows += _replayRows;
        return all;
    }

    private void Remember(RowBuffers fresh, int count)
    {
        for (int i = 0; _replay is not null && i < count; i++)
        {
            if (_labels.IsRowIgnored(fresh.Labels, i, count))
                continue;
            fresh.Get(i, Features);
            fresh.LabelOf(i).CopyTo(_row.AsSpan(_layout.FeatureSizeInBytes));
            _replay.Add(_row, _layout.IsClass ? fresh.Labels.Span<long>()[i] : 0);
        }
    }

    // The loss before the update is that of feedback the model has not seen, so its rise tells of drift.
    private void Follow(float loss)
    {
        _recentLoss = double.IsNaN(_recentLoss) ? loss : _recentLoss + (RecentDecay * (loss - _recentLoss));
        _usualLoss = double.IsNaN(_usualLoss) ? loss : _usualLoss + ((loss < _usualLoss ? UsualDecayDown : UsualDecayUp) * (loss - _usualLoss));
    }

    private double Boost() => _usualLoss > 0 ? Math.Clamp(_recentLoss / _usualLoss, 1, _driftBoost) : 1;

    private RowBuffers BuffersFor(int rows)
    {
        if (!_buffers.TryGetValue(rows, out RowBuffers? buffers))
            _buffers.Add(rows, buffers = new(_layout, rows));
        return buffers;
    }

    private bool AreAllIgnored(RowBuffers rows)
    {
        for (int row = 0; row < rows.Rows; row++)
        {
            if (!_labels.IsRowIgnored(rows.Labels, row, rows.Rows))
                return false;
        }

        return true;
    }

    private static void Fill(RowBuffers rows, CacheBatch batch)
    {
        for (int c = 0; c < rows.Boundary.Length; c++)
            batch.Column<byte>(c).CopyTo(rows.Boundary[c].Bytes);
        batch.LabelBytes.CopyTo(rows.Labels.Bytes);
    }
}
