using AutLearn.Cache.Disk;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Training;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Offline;

/// <summary>Learns from the user's whole history while the device is idle, in as many windows as it grants.</summary>
/// <remarks>
/// <para>A candidate model trains beside the serving one. The first epoch computes each sample's features with the backbone and keeps
/// them on disk; later epochs train the head from there. The newest samples are held out: they stop training when it no longer helps,
/// and the gate lets the candidate serve only if it is not worse on them. Without a hold-out every finished training
    /// that changed a parameter is promoted.</para>
/// <para>A window may close after any step. The next one goes on from the checkpoint and ends with the same parameters, bit by bit, as
/// one uninterrupted window. If a sample of a training is forgotten or its label corrected, that training starts anew.</para>
/// <para>For one window at a time; the serving model may predict meanwhile. After Xu et al., Journal of Software 31(10), 2020, section 3.5.</para>
/// </remarks>
public sealed class OfflineLearner
{
    private const string CheckpointName = "offline.checkpoint";

    private readonly PersonalModel _serving;
    private readonly ISampleHistory _history;
    private readonly FeatureStore _store;
    private readonly IAugmenter? _augmenter;
    private readonly OfflineLearnerOptions _options;
    private readonly RowLayout _layout;
    private readonly GenerationStore? _generations;
    private readonly PromotionGate _gate;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly string _checkpoint;
    private int _isRunning;

    /// <summary>Creates a learner.</summary>
    /// <param name="serving">The model that serves the user; stays the caller's.</param>
    /// <param name="history">The samples.</param>
    /// <param name="store">Keeps features; opened with <see cref="OptionsFor"/>, stays the caller's.</param>
    /// <param name="folder">Keeps the checkpoint; for this learner alone.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <param name="augmenter">Makes variants; null for none.</param>
    /// <param name="generations">Takes each promoted state before it counts as learned; null for none.</param>
    /// <param name="files">The file system; null for the device's own.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="NotSupportedException">The model leaves a size of a row open that <see cref="OfflineLearnerOptions.RowSizes"/> does not give.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public OfflineLearner(
        PersonalModel serving,
        ISampleHistory history,
        FeatureStore store,
        string folder,
        OfflineLearnerOptions? options = null,
        IAugmenter? augmenter = null,
        GenerationStore? generations = null,
        IFileSystem? files = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(serving);
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new();
        ValidateOptionsResult valid = new OfflineLearnerOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(OfflineLearnerOptions), typeof(OfflineLearnerOptions), valid.Failures);
        _layout = new(serving.Manifest, options.RowSizes);
        _serving = serving;
        _history = history;
        _store = store;
        _augmenter = augmenter;
        _options = options.Copy();
        _generations = generations;
        _gate = new(_options.Gate);
        _files = files ?? DeviceFileSystem.Instance;
        _time = timeProvider ?? TimeProvider.System;
        _folder = Path.GetFullPath(folder);
        _checkpoint = Path.Combine(_folder, CheckpointName);
    }

    /// <summary>Gets whether a training waits for its next window.</summary>
    public bool IsSuspended => _files.ListFiles(_folder).Contains(_checkpoint);

    /// <summary>Counts what there is to learn from.</summary>
    public SampleCounts CountSamples() => new(_history.StoredSamples, _history.List().Count, _options.MinimumSamples);

    /// <summary>Settles the row size and the backbone of a feature store for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="key">Encrypts the rows; stays the caller's. Null leaves them plain.</param>
    /// <param name="rowSizes">The learner's <see cref="OfflineLearnerOptions.RowSizes"/>; null for none.</param>
    /// <exception cref="NotSupportedException">The model leaves a size of a row open that is not given.</exception>
    public static FeatureStoreOptions OptionsFor(PersonalModel model, ProfileKey? key = null, IReadOnlyDictionary<string, int>? rowSizes = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new()
        {
            RowSizeInBytes = new RowLayout(model.Manifest, rowSizes).FeatureSizeInBytes,
            BackboneKey = FeatureKeys.Of(model.Manifest),
            KeySource = key is null ? null : () => key.DeriveKey("features"),
        };
    }

    /// <summary>Learns on a thread of its own, of <see cref="OfflineLearnerOptions.Priority"/>, until training is over or the window closes.</summary>
    /// <param name="endOfWindow">Ends the window: the step under way is finished, the state saved, and the result says <see cref="OfflineStatus.Suspended"/>.</param>
    /// <param name="progress">Called once a row of the hold-out and once a step. What it throws is logged and ends nothing.</param>
    /// <param name="cancellationToken">Stops at once, also the native run; the steps before are saved.</param>
    /// <returns>What the window did.</returns>
    /// <exception cref="InvalidOperationException">A window is open.</exception>
    /// <exception cref="RunFailedException">A native run failed; the last checkpoint stands.</exception>
    /// <exception cref="IOException">The checkpoint or the generation cannot be written; the one before stands. Or another learner has a window open in the folder.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<OfflineResult> RunAsync(
        CancellationToken endOfWindow = default, IProgress<OfflineProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0)
            throw new InvalidOperationException("A window of this learner is open.");
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            using IDisposable folderLock = LockFolder();
            return await TrainingThread.Run(() => Run(endOfWindow, Observers.Guard(progress, _serving.Logger), cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    /// <summary>Drops the training that waits; the serving model stays as it is.</summary>
    /// <exception cref="InvalidOperationException">A window is open.</exception>
    /// <exception cref="IOException">The disk fails, or another learner has a window open in the folder.</exception>
    public void Abandon() => Alone(DeleteCheckpoint);

    /// <summary>
    /// Takes samples out of all that was learned: their features are erased, the serving model goes back to the parameters as compiled,
    /// and generations and the training that waits are dropped. The next windows learn from what remains, as if the samples had never been there.
    /// </summary>
    /// <param name="sampleIds">Samples that the history no longer lists.</param>
    /// <exception cref="InvalidOperationException">A window is open, or the history still lists a sample.</exception>
    /// <exception cref="IOException">The disk fails; call again.</exception>
    public void Forget(params IEnumerable<long> sampleIds)
    {
        ArgumentNullException.ThrowIfNull(sampleIds);
        Alone(() =>
        {
            HashSet<long> forgotten = [.. sampleIds];
            if (_history.List().Any(s => forgotten.Contains(s.Id)))
                throw new InvalidOperationException("The history still lists a sample that shall be forgotten. Remove it there first.");
            DeleteCheckpoint();

            // In this order: a state that is captured before the reset is committed before the clearing.
            _serving.Reset();
            _generations?.Clear();
            foreach (long id in forgotten)
                _store.Remove(id);
        });
    }

    private void Alone(Action action)
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0)
            throw new InvalidOperationException("A window of this learner is open. End it first.");
        try
        {
            using IDisposable folderLock = LockFolder();
            action();
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    // Two windows in one folder would replace each other's checkpoints.
    private IDisposable LockFolder()
    {
        _files.CreateFolder(_folder);
        return _files.Lock(_folder);
    }

    private OfflineResult Run(CancellationToken endOfWindow, IProgress<OfflineProgress>? progress, CancellationToken cancellationToken)
    {
        using Observers.GuardedActivity activity = Observers.Start("autlearn.offline");
        DurableFile.Sweep(_files, _checkpoint);
        IReadOnlyList<HistorySample> samples = _history.List();
        OfflinePlan plan = OfflinePlan.Create(_serving.Manifest, samples, _options, _augmenter is not null);
        OfflineCheckpoint? saved = ReadCheckpoint(plan, samples);
        if (saved is null && (samples.Count < _options.MinimumSamples || plan.Train.Length == 0))
            return new(OfflineStatus.NothingToLearn, default, 0, double.NaN, 0, null);
        plan = saved?.Plan ?? plan;
        using var features = new OfflineFeatures(_serving, _layout, _history, _store, _augmenter, plan.Seed);

        // The serving model's session is loaded by now, and keeps its priority: only what this thread starts from here on inherits the lower one.
        if (!TrainingThread.SetPriority(_options.Priority))
            Log.PriorityRefused(_serving.Logger, _options.Priority);
        using var session = new OfflineSession(_serving, _layout, plan, saved, features, new(_options.CpuDuty, _time), _options.CheckpointSteps, Save);
        bool isOver;
        try
        {
            isOver = session.Run(progress, endOfWindow, cancellationToken);
        }
        finally
        {
            FlushFeatures();
        }

        OfflineResult Result(OfflineStatus status, GateReport? report) =>
            new(status, session.Progress, session.Position.BestEpoch, session.Position.BestLoss, features.Skipped.Count, report) { RefusedSteps = session.Position.Refusals.Steps, RefusedRows = session.Position.Refusals.Rows };
        if (!isOver)
            return Result(OfflineStatus.Suspended, null);
        GateReport? report = session.HoldOut.Rows == 0
            ? null
            : GateFor(session.HoldOut, plan).Decide(_serving.Evaluate(session.HoldOut, cancellationToken), session.Candidate.Evaluate(session.HoldOut, cancellationToken));
        OfflineStatus status = report is null or { IsPromoted: true } ? OfflineStatus.Promoted : OfflineStatus.RolledBack;
        if (status == OfflineStatus.Promoted && !IsRepeat(saved, session) && session.Candidate.HasParametersOf(_serving))
            status = OfflineStatus.Unchanged;
        if (status == OfflineStatus.Promoted)
        {
            // The generation comes first: a crash after it repeats the promotion from the checkpoint, a crash before it loses nothing.
            _generations?.Commit(session.Candidate);
            _serving.CopyFrom(session.Candidate);
        }

        DeleteCheckpoint();
        Log.OfflineEnded(_serving.Logger, status, report?.Gained ?? 0, report?.Lost ?? 0);
        return Result(status, report);
    }

    // Samples that cannot be measured on must not keep every training from serving: the others decide, while most are left.
    private PromotionGate GateFor(FeatureSet holdOut, OfflinePlan plan) =>
        holdOut.Rows >= _options.Gate.MinimumLabels || plan.HoldOut.Length < _options.Gate.MinimumLabels || 2 * holdOut.Rows < plan.HoldOut.Length
            ? _gate
            : new(new GateOptions { Margin = _options.Gate.Margin, Significance = _options.Gate.Significance, MinimumLabels = holdOut.Rows });

    // After a crash between the commit of a generation and the end, the candidate serves already: what it changed was changed by this training.
    private static bool IsRepeat(OfflineCheckpoint? saved, OfflineSession session) =>
        saved is not null && saved.Position.Epoch > saved.Plan.Epochs && (session.HoldOut.Rows == 0 || session.Position.BestEpoch > 0);

    private OfflineCheckpoint? ReadCheckpoint(OfflinePlan fresh, IReadOnlyList<HistorySample> samples)
    {
        if (!IsSuspended)
            return null;
        try
        {
            var saved = OfflineCheckpoint.Parse(PersonalFile.Open(_files.Read(_checkpoint), _options.Key, CheckpointName, _checkpoint).Span, _checkpoint);
            if (saved.Plan.CanGoOn(fresh, samples))
                return saved;
            Log.CheckpointOutdated(_serving.Logger);
        }
        catch (Exception error) when (error is InvalidArtifactException or UnauthorizedAccessException)
        {
            Log.CheckpointDamaged(_serving.Logger, error);
        }

        DeleteCheckpoint();
        return null;
    }

    private void Save(OfflineCheckpoint checkpoint)
    {
        byte[] bytes = checkpoint.ToBytes();
        DurableFile.Write(_files, _checkpoint, _options.Key?.Seal(bytes, CheckpointName) ?? bytes);
    }

    private void DeleteCheckpoint()
    {
        DurableFile.Erase(_files, _checkpoint);
        _files.FlushFolder(_folder);
    }

    private void FlushFeatures()
    {
        try
        {
            _store.Flush();
        }
        catch (IOException error)
        {
            Log.FeaturesNotKept(_serving.Logger, error);
        }
    }
}
