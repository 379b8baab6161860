using System.Diagnostics.CodeAnalysis;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Offline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Opens windows of offline learning while the policy allows, and ends them when it no longer does.</summary>
/// <remarks>
/// A host runs it as a background service. Where the system grants the time, as on Android and iOS, call <see cref="RunWindowAsync"/> from the
/// granted task instead. A failure of learning never reaches the host: it is logged, told by <see cref="Explain"/> and tried again later.
/// Thread-safe.
/// </remarks>
public sealed class LearningService : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly Func<CancellationToken, IProgress<OfflineProgress>?, CancellationToken, Task<OfflineResult>> _learn;
    private readonly IDeviceStateProvider _device;
    private readonly TrainingPolicy _policy;
    private readonly LearningServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EnergyMeter _energy;
    private readonly Func<SampleCounts>? _samples;
    private readonly LearningState _state;
    private readonly SemaphoreSlim _window = new(1, 1);
    private readonly CancellationTokenSource _abort = new();
    private readonly WakeSignal _wake = new();

    /// <summary>Creates a service that is not started.</summary>
    /// <param name="learner">Learns; stays the caller's.</param>
    /// <param name="device">Tells the state of the device.</param>
    /// <param name="policy">Decides; for this service alone. Null for the defaults.</param>
    /// <param name="options">The pace; null for the defaults.</param>
    /// <param name="logger">Told what happens; null for nobody.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public LearningService(
        OfflineLearner learner,
        IDeviceStateProvider device,
        TrainingPolicy? policy = null,
        LearningServiceOptions? options = null,
        ILogger<LearningService>? logger = null,
        TimeProvider? timeProvider = null)
        : this((learner ?? throw new ArgumentNullException(nameof(learner))).RunAsync, device, policy, options, logger, timeProvider, null, learner.CountSamples)
    {
    }

    internal LearningService(
        Func<CancellationToken, IProgress<OfflineProgress>?, CancellationToken, Task<OfflineResult>> learn,
        IDeviceStateProvider device,
        TrainingPolicy? policy,
        LearningServiceOptions? options,
        ILogger? logger,
        TimeProvider? timeProvider,
        EnergyMeter? energy,
        Func<SampleCounts>? samples = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= new();
        ValidateOptionsResult valid = new LearningServiceOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(LearningServiceOptions), typeof(LearningServiceOptions), valid.Failures);
        _learn = learn;
        _device = device;
        _time = timeProvider ?? TimeProvider.System;
        _policy = policy ?? new(null, _time);
        _options = options.Copy();
        _logger = Observers.Guard(logger);
        _energy = energy ?? new(timeProvider: _time);
        _samples = samples;
        _state = new(_time);
    }

    /// <summary>Says what the service does, which condition blocks, how long it rests, when it looks again, what there is to learn from and how far training is.</summary>
    public LearningReport Explain() => _state.Report() with { Samples = CountSamples() };

    /// <summary>Ends a rest: looks at the device at once and trains if it may. Call it when the user gave many new samples.</summary>
    public void RequestTraining()
    {
        _state.EndRest();
        _wake.Set();
    }

    /// <summary>Opens one window now, after one that is open, if the policy's conditions hold, and returns when it has ended. Waits neither for them to settle nor for a rest to end.</summary>
    /// <param name="endOfWindow">Ends the window when the system wants its time back.</param>
    /// <param name="cancellationToken">Stops at once, also the native run; the steps before are saved.</param>
    /// <returns>What the window did, or null if a condition blocked; <see cref="Explain"/> names it.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="AutLearnException">Learning failed.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task<OfflineResult?> RunWindowAsync(CancellationToken endOfWindow, CancellationToken cancellationToken = default)
    {
        // The window comes before the look: what was seen before another window ended no longer counts.
        await _window.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            PolicyDecision decision = _policy.EvaluateGranted(ReadDevice());
            if (decision.IsAllowed)
                return await LearnAsync(endOfWindow, cancellationToken).ConfigureAwait(false);
            _state.Waits(decision, TimeSpan.Zero);
            return null;
        }
        finally
        {
            _policy.EndGrant();
            _window.Release();
        }
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _state.Starts();
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the window; if the host's patience is over before the step is, stops at once.</summary>
    /// <param name="cancellationToken">The end of the host's patience.</param>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);

        // The base returns when the window has ended, or when patience has.
        if (cancellationToken.IsCancellationRequested)
            await _abort.CancelAsync().ConfigureAwait(false);

        // A loop that was stopped before it began says nothing.
        if (ExecuteTask is not { IsCompleted: false })
            _state.Stopped();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();

        // After the end of the window was asked for, or the loop would take it for a failure.
        _abort.Cancel();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        EventHandler wake = (_, _) => _wake.Set();
        Follow(() => _device.Changed += wake);
        Log.EnergySource(_logger, _energy.Source);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                if (await LookAndLearnAsync(stoppingToken).ConfigureAwait(false) is { } pause)
                    await _wake.WaitAsync(pause, _time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the window that was open has saved its steps.
        }
        finally
        {
            Follow(() => _device.Changed -= wake);
            _state.Stopped();
        }
    }

    // Returns how long to wait before the next look; null after a window. The app's own window is waited for: its rest holds here too.
    [SuppressMessage("Design", "CA1031", Justification = "An app must not go down because learning in its background failed; the failure is logged and reported.")]
    private async Task<TimeSpan?> LookAndLearnAsync(CancellationToken stoppingToken)
    {
        await _window.WaitAsync(stoppingToken).ConfigureAwait(false);
        try
        {
            PolicyDecision decision = Look();
            TimeSpan rest = _state.RestLeft;
            if (!decision.IsAllowed || rest > TimeSpan.Zero)
                return Waits(decision, rest);
            await LearnAsync(stoppingToken, _abort.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException || !_abort.IsCancellationRequested)
        {
            Log.LearningFailed(_logger, _state.RestLeft, error);
        }
        finally
        {
            _window.Release();
        }

        return null;
    }

    private PolicyDecision Look() => _policy.Evaluate(ReadDevice());

    [SuppressMessage("Design", "CA1031", Justification = "A provider that fails tells nothing: the policy's rules for unknown signals decide, and the failure is logged and reported.")]
    private DeviceState ReadDevice()
    {
        try
        {
            DeviceState state = _device.Read();
            _state.DeviceFailure = null;
            return state;
        }
        catch (Exception error)
        {
            if (_state.DeviceFailure?.GetType() != error.GetType())
                Log.DeviceUnreadable(_logger, error);
            _state.DeviceFailure = error;
            return new();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A provider whose changes cannot be followed is asked at each check; the failure is logged.")]
    private void Follow(Action follow)
    {
        try
        {
            follow();
        }
        catch (Exception error)
        {
            Log.DeviceNotFollowed(_logger, error);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The app's own history may throw anything; a report comes all the same, and the next window tells the failure.")]
    private SampleCounts? CountSamples()
    {
        try
        {
            return _samples?.Invoke();
        }
        catch (Exception)
        {
            return null;
        }
    }

    private TimeSpan Waits(PolicyDecision decision, TimeSpan rest)
    {
        TimeSpan pause = decision.SettlesIn is { } settles && settles > TimeSpan.Zero && settles < _options.CheckInterval ? settles : _options.CheckInterval;
        if (rest > TimeSpan.Zero && rest < pause)
            pause = rest;
        if (_state.Waits(decision, pause) && _logger.IsEnabled(LogLevel.Debug))
            Log.LearningWaits(_logger, _state.Report().ToString());
        return pause;
    }

    private async Task<OfflineResult> LearnAsync(CancellationToken endOfWindow, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        TimeSpan cpu = CpuTime.OfProcess();
        double? energy = _energy.Sample();
        long steps = 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(endOfWindow);
        _state.Opens(_options.WindowCheckInterval);
        Observers.Measure(Telemetry.Windows, 1);
        Log.WindowBegins(_logger);
        try
        {
            var progress = new ProgressCallback(p =>
            {
                steps = p.WindowSteps;
                _state.Progress = p;
            });
            Task<OfflineResult> learning = _learn(end.Token, progress, cancellationToken);
            while (!await EndsWithinAsync(learning, _options.WindowCheckInterval).ConfigureAwait(false))
            {
                PolicyDecision decision = Look();
                _state.Sees(decision, _options.WindowCheckInterval);
                if (energy is not null && _energy.Sample() is null)
                    energy = null;
                if (!decision.IsAllowed)
                    await end.CancelAsync().ConfigureAwait(false);
            }

            OfflineResult result = await learning.ConfigureAwait(false);
            _state.Closes(result, result.Status switch
            {
                OfflineStatus.Suspended => TimeSpan.Zero,
                OfflineStatus.NothingToLearn => _options.RestWithoutSamples,
                _ => _options.RestAfterTraining,
            });
            TimeSpan used = CpuTime.OfProcess() - cpu;
            Log.WindowEnded(_logger, _time.GetElapsedTime(start).TotalSeconds, result.Status, steps, used.TotalSeconds);
            return result;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _state.Fails(error, failures => _options.RestAfterFailure * Math.Pow(2, Math.Min(failures - 1, 20)), LongestPause);
            throw;
        }
        catch (OperationCanceledException)
        {
            _state.Breaks();
            throw;
        }
        finally
        {
            TimeSpan used = CpuTime.OfProcess() - cpu;
            double? joules = energy is { } before && _energy.Sample() is { } after ? after - before : null;
            _state.Spent(used, joules);
            Record(used, joules, steps);
        }
    }

    private static void Record(TimeSpan cpu, double? joules, long steps)
    {
        Observers.Measure(Telemetry.WindowCpuTime, cpu.TotalSeconds);
        if (joules is not { } energy)
            return;
        Observers.Measure(Telemetry.WindowEnergy, energy);
        if (steps > 0)
            Observers.Measure(Telemetry.StepEnergy, energy / steps);
    }

    // Whether learning ends before the time is over or the device changes.
    private async Task<bool> EndsWithinAsync(Task learning, TimeSpan time)
    {
        using var done = new CancellationTokenSource();
        Task wait = _wake.WaitAsync(time, _time, done.Token);
        Task first = await Task.WhenAny(learning, wait).ConfigureAwait(false);
        await done.CancelAsync().ConfigureAwait(false);
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ReferenceEquals(first, learning) || learning.IsCompleted;
    }

    private sealed class ProgressCallback(Action<OfflineProgress> report) : IProgress<OfflineProgress>
    {
        public void Report(OfflineProgress value) => report(value);
    }
}
