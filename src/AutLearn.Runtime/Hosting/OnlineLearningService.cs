using System.Diagnostics.CodeAnalysis;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Hosting;

/// <summary>Saves what an <see cref="OnlineLearner"/> learned: now and then, and when the host stops, after it has learned from the feedback that waits.</summary>
/// <remarks>A failure to learn or to save never reaches the host: it is logged, told by <see cref="SaveFailure"/>, and tried again. Thread-safe.</remarks>
public sealed class OnlineLearningService : BackgroundService
{
    private readonly OnlineLearner _learner;
    private readonly GenerationStore _generations;
    private readonly TimeSpan _interval;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _saving = new();
    private (long, long) _savedVersion;
    private volatile Exception? _failure;

    /// <summary>Creates a service that is not started.</summary>
    /// <param name="learner">Learns, its model at the state that the newest generation holds; stays the caller's.</param>
    /// <param name="generations">Takes the states; stays the caller's.</param>
    /// <param name="saveInterval">How often to save; null for 30 seconds.</param>
    /// <param name="logger">Told what fails; null for nobody.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    public OnlineLearningService(
        OnlineLearner learner,
        GenerationStore generations,
        TimeSpan? saveInterval = null,
        ILogger<OnlineLearningService>? logger = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(generations);
        _learner = learner;
        _generations = generations;
        _interval = saveInterval ?? new OnlineLearningOptions().SaveInterval;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_interval, TimeSpan.Zero, nameof(saveInterval));
        _logger = Observers.Guard(logger);
        _time = timeProvider ?? TimeProvider.System;
        _savedVersion = learner.Version;
    }

    /// <summary>Gets why the state could not be saved last; null where it could.</summary>
    public Exception? SaveFailure => _failure;

    /// <summary>Saves the state if it has changed since it was last saved.</summary>
    /// <exception cref="IOException">The disk is full or fails; what was saved before stands.</exception>
    public void Save()
    {
        lock (_saving)
        {
            (long, long) version = _learner.Version;
            if (version == _savedVersion)
                return;
            _generations.Commit(_learner);
            _savedVersion = version;
            _failure = null;
        }
    }

    /// <summary>Learns from the feedback that waits, and saves.</summary>
    /// <param name="cancellationToken">The end of the host's patience; what was learned by then is saved.</param>
    [SuppressMessage("Design", "CA1031", Justification = "A step that fails as the host stops must not keep what was learned before from being saved; the learner has logged it.")]
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _learner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Saved below: the state before the step that failed.
        }

        TrySave();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                TrySave();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; StopAsync saves once more.
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An app must not go down because its background could not save; the failure is logged, reported and tried again.")]
    private void TrySave()
    {
        try
        {
            Save();
        }
        catch (Exception error)
        {
            _failure = error;
            Log.StateNotSaved(_logger, error);
        }
    }
}
