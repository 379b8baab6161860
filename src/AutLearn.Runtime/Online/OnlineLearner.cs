using System.Buffers;
using System.Runtime.InteropServices;
using AutLearn.Cache;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Training;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Online;

/// <summary>Learns while the user interacts: predictions are remembered with what inference computed, feedback arrives later or never, and
/// each full batch of labelled rows trains one step in the background.</summary>
/// <remarks>
/// <para>The predicting thread never waits for training: remembering a row copies it under a short lock. Features are never computed
/// twice; logits are reused too where no update came between prediction and step.</para>
/// <para>Rows train in the order in which their labels came. Memory is bounded: the oldest rows without a label leave first.</para>
/// <para>A step that fails, whatever the reason, pauses learning: <see cref="Statistics"/> tell the error, the rows wait, and <see cref="Resume"/>
/// goes on. A step that the model refuses because it would leave values that are not finite costs only the rows whose own step would be
/// refused: a second step learns from the others. After several batches in a row without one such, learning pauses too. After Xu et al., Journal of Software 31(10), 2020, section 3.5. Safe for use by several threads.</para>
/// </remarks>
public sealed class OnlineLearner : IAsyncDisposable
{
    private readonly PersonalModel _model;
    private readonly FeatureCache _cache;
    private readonly CacheBatch _batch;
    private readonly OnlineStep _step;
    private readonly ClassMeans? _means;
    private readonly int _newClassRows;
    private readonly int _batchSize;
    private readonly RowLayout _layout;
    private readonly LabelCheck _labels;
    private readonly long? _ignoreIndex;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _worker;
    private readonly OnlineLedger _ledger = new();
    private long _nextId;
    private int _isDisposed;

    /// <summary>Creates a learner and starts its background worker.</summary>
    /// <param name="model">The model, which stays the caller's and must outlive the learner.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <exception cref="NotSupportedException">The model leaves a size of a row open that <see cref="OnlineLearnerOptions.RowSizes"/> does not give, or class means are asked for where there is none.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    /// <exception cref="ArgumentException">Not even one batch of rows fits the cache, or a row size is none of the model's.</exception>
    public OnlineLearner(PersonalModel model, OnlineLearnerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new();
        ValidateOptionsResult valid = new OnlineLearnerOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(OnlineLearnerOptions), typeof(OnlineLearnerOptions), valid.Failures);
        ArtifactManifest manifest = model.Manifest;
        _model = model;
        _batchSize = options.BatchSize;
        _layout = new(manifest, options.RowSizes);
        _labels = new(manifest);
        _ignoreIndex = manifest.Loss.IgnoreIndex;
        TensorBuffer[] row = new RowBuffers(_layout, 1).Boundary;
        _cache = new FeatureCache(new FeatureCacheOptions
        {
            Columns = [.. manifest.Boundary.Zip(row, (b, buffer) => new CacheColumn(b.Tensor.Name, buffer.Bytes.Length))],
            LogitsSizeInBytes = _layout.LogitsSizeInBytes,
            LabelSizeInBytes = _layout.LabelSizeInBytes,
            CapacityInBytes = options.CacheCapacityInBytes,
            BackboneKey = FeatureKeys.Of(manifest),
        });
        if (_cache.Capacity < _batchSize)
        {
            int capacity = _cache.Capacity;
            _cache.Dispose();
            throw new ArgumentException($"The cache holds {capacity} rows, fewer than a batch of {_batchSize}. Raise {nameof(OnlineLearnerOptions.CacheCapacityInBytes)}.", nameof(options));
        }

        _batch = _cache.CreateBatch(_batchSize);
        _newClassRows = options.NewClassRows;
        if (options.NewClassRows > 0 && (!_layout.IsClass || row is not [{ ElementType: ElementType.Float32 }]))
        {
            _cache.Dispose();
            throw new NotSupportedException($"Class means need one class a row and one Float32 boundary tensor; the model has {_layout.Describe()} and {string.Join(", ", manifest.Boundary.Select(b => b.Tensor))}. Set {nameof(OnlineLearnerOptions.NewClassRows)} to 0.");
        }

        _means = options.NewClassRows > 0 ? new((int)row[0].Count) : null;
        try
        {
            _step = new(model, _layout, options);
        }
        catch
        {
            _cache.Dispose();
            throw;
        }

        _worker = Task.Run(WorkAsync);
    }

    /// <summary>Gets a snapshot of what was done.</summary>
    public OnlineStatistics Statistics => _ledger.Statistics(_step, _cache.Statistics);

    /// <summary>Remembers one row of a prediction until feedback comes.</summary>
    /// <param name="predicted">A batch of this learner's model that has run.</param>
    /// <param name="row">In [0, rows).</param>
    /// <returns>The id to give feedback with. If the cache holds only labelled rows the row is not kept, and its feedback will be <see cref="FeedbackResult.Unknown"/>.</returns>
    /// <exception cref="ArgumentException">The batch is of another model or has not run, the row is out of range, or it is larger than <see cref="OnlineLearnerOptions.RowSizes"/> say.</exception>
    /// <exception cref="ObjectDisposedException">The learner is disposed.</exception>
    public long Remember(PredictionBatch predicted, int row = 0)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (!ReferenceEquals(predicted.Manifest, _model.Manifest) || predicted.ParameterVersion < 0)
            throw new ArgumentException("The batch is of another model or has not run.", nameof(predicted));
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, predicted.Rows);
        long id = Interlocked.Increment(ref _nextId);
        byte[] copy = ArrayPool<byte>.Shared.Rent(_layout.FeatureSizeInBytes + _layout.LogitsSizeInBytes);
        try
        {
            Span<byte> features = copy.AsSpan(0, _layout.FeatureSizeInBytes), logits = copy.AsSpan(_layout.FeatureSizeInBytes, _layout.LogitsSizeInBytes);
            _layout.CopyFeatures(predicted.BoundaryBuffers, row, predicted.Rows, features);
            _layout.CopyLogits(predicted.Logits, row, predicted.Rows, logits);
            _cache.TryAdd(id, features, logits, predicted.ParameterVersion);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy, clearArray: true);
        }

        return id;
    }

    /// <summary>Says what a prediction should have been.</summary>
    /// <param name="predictionId">What <see cref="Remember"/> returned.</param>
    /// <param name="label">In [0, C), or the loss's ignore index.</param>
    /// <exception cref="ArgumentOutOfRangeException">The label is neither.</exception>
    /// <exception cref="ArgumentException">The model takes other labels than one class a row.</exception>
    /// <exception cref="ObjectDisposedException">The learner is disposed.</exception>
    public FeedbackResult Feedback(long predictionId, long label)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (!_layout.IsClass)
            return Feedback(predictionId, new ReadOnlySpan<long>(in label));
        if (!_labels.Allows(label))
            throw new ArgumentOutOfRangeException(nameof(label), label, $"The label does not lie in [0, {_model.Manifest.Logits.Shape[^1]}).");
        FeedbackResult result = _means is null || label == _ignoreIndex ? _cache.Label(predictionId, label) : LabelAndAverage(_means, predictionId, label);
        return Accept(result);
    }

    /// <summary>Says what a prediction should have been, one class for each step of a sequence.</summary>
    /// <param name="predictionId">What <see cref="Remember"/> returned.</param>
    /// <param name="labels">Row-major; whole numbers where the model takes fractions are taken too. Fewer than a row takes are allowed where the loss ignores a label: the rest is ignored.</param>
    /// <exception cref="ArgumentException">The model takes other labels, or one is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The learner is disposed.</exception>
    public FeedbackResult Feedback(long predictionId, params ReadOnlySpan<long> labels)
    {
        TensorBuffer row = _layout.Labels(1);
        _layout.WriteLabels(labels, row);
        return FeedbackRow(predictionId, row);
    }

    /// <summary>Says what a prediction should have been: numbers, or 0 and 1 for each tag, or the labels of all tasks.</summary>
    /// <param name="predictionId">What <see cref="Remember"/> returned.</param>
    /// <param name="values">One for each label of the row, row-major.</param>
    /// <exception cref="ArgumentException">The model takes other labels, or one is not finite or out of range.</exception>
    /// <exception cref="ObjectDisposedException">The learner is disposed.</exception>
    public FeedbackResult Feedback(long predictionId, params ReadOnlySpan<float> values)
    {
        TensorBuffer row = _layout.Labels(1);
        _layout.WriteLabels(values, row);
        return FeedbackRow(predictionId, row);
    }

    /// <summary>Gives the class to show: the head's, or that of the nearest class mean where the mean is of a class that the head has hardly seen.</summary>
    /// <param name="predicted">A batch of this learner's model that has run.</param>
    /// <param name="row">In [0, rows).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public long Classify(PredictionBatch predicted, int row = 0)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        long head = predicted.PredictedClass(row);
        if (_means is null)
            return head;
        ReadOnlySpan<float> features = MemoryMarshal.Cast<byte, float>(RowOf(predicted.BoundaryBuffers[0], row, predicted.Rows));
        return _means.TryNearest(features, out long nearest) && _means.CountOf(nearest) < _newClassRows ? nearest : head;
    }

    /// <summary>Stops training until <see cref="Resume"/>; predictions and feedback go on.</summary>
    public void Pause() => _ledger.Pause();

    /// <summary>Goes on training, also after an error paused it.</summary>
    public void Resume()
    {
        _ledger.Resume();
        _wake.Release();
    }

    /// <summary>Trains now on every labelled row, the last batch being smaller if need be.</summary>
    /// <param name="cancellationToken">Also stops the native run; rows of a stopped step wait again.</param>
    /// <returns>The number of steps; 0 while learning is paused.</returns>
    /// <exception cref="AutLearnException">A native run failed, the artifacts are damaged, or the model refused every row of several batches in a row. Learning is paused as after an error in the background; the rows wait.</exception>
    /// <exception cref="IOException">The artifacts cannot be read; the same holds.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The learner is disposed.</exception>
    public async Task<int> FlushAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
            return await Task.Run(() => TrainWaiting(minimum: 1, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Forgets one prediction that has not been trained on.</summary>
    /// <returns>False if it is not remembered, or in a training step right now.</returns>
    public bool Forget(long predictionId) => _cache.Remove(predictionId);

    /// <summary>Forgets every row that waits, what replay keeps, and the class means; waits for a step under way.</summary>
    public async Task ForgetAllAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
            _cache.Clear();
            _step.Clear();
            _means?.Clear();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the worker and releases the rows; rows that wait are not trained (see <see cref="FlushAsync"/>). Does not throw.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _worker.ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            _step.Dispose();
            _cache.Dispose();
            _wake.Dispose();
            _stop.Dispose();
        }
        finally
        {
            // Not disposed: whoever still waits for its turn shall have it, and find the learner disposed.
            _turn.Release();
        }
    }

    /// <summary>Gets the versions of the serving parameters and of the gate's candidate; 0 for the latter without a gate.</summary>
    internal (long Serving, long Candidate) Version => (_model.ParameterVersion, Volatile.Read(ref _isDisposed) != 0 ? 0 : _step.Gate?.Candidate.ParameterVersion ?? 0);

    /// <summary>Takes a snapshot of the model and of what its gate has learning beside it; waits for a step under way.</summary>
    internal SafetensorsFile Capture()
    {
        if (_step.Gate is not { } gate)
            return _model.Capture();
        _turn.Wait();
        try
        {
            return Volatile.Read(ref _isDisposed) != 0 ? _model.Capture() : gate.Join(_model.Capture());
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="InvalidArtifactException">The state is of another model or damaged; nothing is changed.</exception>
    internal bool TryRestore(ReadOnlyMemory<byte> state, string name)
    {
        if (_step.Gate is not { } gate)
            return false;
        _turn.Wait();
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
            return gate.TryRestore(SafetensorsFile.Read(state, name), name);
        }
        finally
        {
            _turn.Release();
        }
    }

    private FeedbackResult FeedbackRow(long predictionId, TensorBuffer label)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        _labels.Count(label);
        return Accept(_cache.Label(predictionId, label.Bytes));
    }

    private FeedbackResult Accept(FeedbackResult result)
    {
        if (result == FeedbackResult.Accepted && _cache.LabelledRows >= _batchSize)
            _wake.Release();
        return result;
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
                await _turn.WaitAsync(_stop.Token).ConfigureAwait(false);
                try
                {
                    TrainWaiting(_batchSize, _stop.Token);
                }
#pragma warning disable CA1031 // Whatever fails, the app's statistics tell it and the worker lives on: TrainWaiting has paused learning.
                catch (Exception)
#pragma warning restore CA1031
                {
                    _stop.Token.ThrowIfCancellationRequested();
                }
                finally
                {
                    _turn.Release();
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposal ends the loop; rows of an unfinished step were returned.
        }
    }

    private int TrainWaiting(int minimum, CancellationToken cancellationToken)
    {
        int steps = 0;
        try
        {
            while (!_ledger.IsPaused && _cache.TryLease(_batch, minimum, _model.ParameterVersion))
                steps += TrainLeased(cancellationToken) ? 1 : 0;
            return steps;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _ledger.Pause(error);
            Log.OnlinePaused(_model.Logger, error);
            throw;
        }
    }

    // Whatever this throws, rows that no step has learned from wait again.
    private bool TrainLeased(CancellationToken cancellationToken)
    {
        StepResult result;
        try
        {
            result = _step.Train(_batch, cancellationToken);
        }
        catch (NonFiniteStepException error)
        {
            Refuse(error);
            return false;
        }
        catch
        {
            _cache.Return(_batch);
            throw;
        }

        int rows = _batch.Count;
        bool isApplied = result.LabelCount > 0;
        try
        {
            if (isApplied)
                _step.Settle(result);
        }
        finally
        {
            _cache.Complete(_batch, _step.Waits[..rows]);
            if (isApplied)
                _ledger.Trained(rows - result.RefusedRows - _step.Waits.Count(true), result);
            else
                _ledger.Ignored(rows);
            if (result.RefusedRows > 0)
                Log.RowsRefused(_model.Logger, result.RefusedRows, rows);
        }

        return isApplied;
    }

    // The same rows would most likely be refused again, so they are dropped, until it seems that the fault lies not with them.
    private void Refuse(NonFiniteStepException error)
    {
        if (_ledger.Refused(_batch.Count))
        {
            _cache.Return(_batch);
            throw new AutLearnException($"{RefusalCount.Limit} training steps in a row were refused, so learning is paused. Reset or restore the model or lower the learning rate if its parameters have grown too far, then call {nameof(Resume)}. The last refusal: {error.Message}", error);
        }

        Log.RowsRefused(_model.Logger, _batch.Count, _batch.Count);
        _cache.Complete(_batch);
    }

    // The row is copied first: once labelled, a step may take it at any time.
    private FeedbackResult LabelAndAverage(ClassMeans means, long predictionId, long label)
    {
        byte[] features = ArrayPool<byte>.Shared.Rent(_cache.FeaturesSizeInBytes);
        try
        {
            bool isKnown = _cache.TryCopyFeatures(predictionId, features);
            FeedbackResult result = _cache.Label(predictionId, label);
            if (isKnown && result == FeedbackResult.Accepted)
                means.Add(MemoryMarshal.Cast<byte, float>(features.AsSpan(0, _cache.FeaturesSizeInBytes)), label);
            return result;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(features, clearArray: true);
        }
    }

    private static ReadOnlySpan<byte> RowOf(TensorBuffer tensor, int row, int rows)
    {
        int size = tensor.Bytes.Length / rows;
        return tensor.Bytes.Slice(row * size, size);
    }
}
