using System.Diagnostics.Metrics;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Scheduling;

[Trait("Category", "Unit")]
public sealed class LearningServiceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedLearner _learner = new();
    private readonly ManualDeviceState _device;
    private readonly DeviceTree _tree = DeviceTree.Desktop();

    public LearningServiceTests() => _device = new(timeProvider: _time);

    public void Dispose()
    {
        _folder.Dispose();
        _tree.Dispose();
    }

    [Fact]
    public async Task Service_DeviceComesAndGoes_OpensAndEndsWindows()
    {
        using LearningService service = Service();
        Assert.Equal("Learning is stopped.", service.Explain().ToString());
        await service.StartAsync(default);
        await Until(() => service.Explain().Phase == LearningPhase.Blocked);
        _device.Set(TrainingPolicyTests.Ready with { BatteryLevel = 0.22 });
        await Until(() => service.Explain().Blocking.Count == 1);
        LearningReport blocked = service.Explain();
        Assert.Equal(DeviceSignal.BatteryLevel, blocked.Blocking[0].Signal);
        Assert.Equal(TimeSpan.FromSeconds(30), blocked.NextCheckIn);
        Assert.Equal("Learning waits until the battery is at 30 % or more (the battery is at 22 %). The next check is in 00:00:30.", blocked.ToString());

        _device.Set(TrainingPolicyTests.Ready);
        await Until(() => service.Explain().Phase == LearningPhase.Settling);
        Assert.Equal(0, _learner.Windows);
        await AdvanceUntil(() => _learner.Windows == 1, TimeSpan.FromSeconds(10));
        await Until(() => service.Explain().Phase == LearningPhase.Learning);
        _learner.Report(new(2, 6, 25, 60, 10, 15));

        // The user turns the screen on: the provider says so, and the window ends without waiting for a check.
        _device.Update(s => s with { IsScreenOn = Ternary.True });
        await Until(() => service.Explain() is { Phase: LearningPhase.Blocked, LastResult.Status: OfflineStatus.Suspended });
        LearningReport suspended = service.Explain();
        Assert.Equal(DeviceSignal.UserAway, suspended.Blocking.Single().Signal);
        Assert.Contains("Step 25 of at most 60 (epoch 2 of 6) is done, in 1 window.", suspended.ToString(), StringComparison.Ordinal);

        // Away again: the training goes on after the conditions have settled, and then rests for a day.
        _device.Set(TrainingPolicyTests.Ready);
        await AdvanceUntil(() => _learner.Windows == 2, TimeSpan.FromSeconds(10));
        _learner.Finish(OfflineStatus.Promoted);
        await Until(() => service.Explain() is { Phase: LearningPhase.Resting, LastResult.Status: OfflineStatus.Promoted });
        for (int i = 0; i < 40; i++)
            _time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(2, _learner.Windows);
        service.RequestTraining();
        await AdvanceUntil(() => _learner.Windows == 3, TimeSpan.FromSeconds(10));
        await service.StopAsync(default);
        Assert.Equal(LearningPhase.Stopped, service.Explain().Phase);
        Assert.True(_learner.EndedGracefully);
    }

    [Fact]
    public async Task Service_PolledDevice_EndsAtTheNextCheck()
    {
        var device = new PolledDevice { State = TrainingPolicyTests.Ready };
        using LearningService service = Service(device);
        await service.StartAsync(default);
        await AdvanceUntil(() => _learner.Windows == 1, TimeSpan.FromSeconds(10));
        device.State = device.State with { IsCharging = Ternary.False };
        await AdvanceUntil(() => service.Explain().Phase == LearningPhase.Blocked, TimeSpan.FromSeconds(1));
        Assert.Equal(OfflineStatus.Suspended, service.Explain().LastResult!.Status);
        await service.StopAsync(default);
    }

    [Fact]
    public async Task Service_LearnerFails_RestsLongerEachTimeAndGoesOn()
    {
        _device.Set(TrainingPolicyTests.Ready);
        using LearningService service = Service();
        await service.StartAsync(default);
        await AdvanceUntil(() => _learner.Windows == 1, TimeSpan.FromSeconds(10));
        _learner.Fail(new IOException("The disk is full."));
        await Until(() => service.Explain().Failures == 1);
        Assert.IsType<IOException>(service.Explain().LastFailure);
        await AdvanceUntil(() => _learner.Windows == 2, TimeSpan.FromSeconds(10));
        _learner.Fail(new OperationCanceledException("Of its own."));
        await Until(() => service.Explain().Failures == 2);

        // Two minutes after the second failure.
        long start = _time.GetTimestamp();
        await AdvanceUntil(() => _learner.Windows == 3, TimeSpan.FromSeconds(10));
        Assert.True(_time.GetElapsedTime(start) >= TimeSpan.FromMinutes(2), $"after {_time.GetElapsedTime(start)}");
        _learner.Finish(OfflineStatus.NothingToLearn);
        await Until(() => service.Explain() is { Failures: 0, LastFailure: null, LastResult.Status: OfflineStatus.NothingToLearn });
        await service.StopAsync(default);
    }

    [Fact]
    public async Task StopAsync_HostLosesPatience_CancelsTheRun()
    {
        _device.Set(TrainingPolicyTests.Ready);
        _learner.IgnoresEndOfWindow = true;
        using LearningService service = Service();
        await service.StartAsync(default);
        await AdvanceUntil(() => _learner.Windows == 1, TimeSpan.FromSeconds(10));
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await service.StopAsync(patience.Token).WaitAsync(Patience);
        await Until(() => service.Explain().Phase == LearningPhase.Stopped);
        Assert.True(_learner.WasCancelled);
    }

    [Fact]
    public async Task RunWindowAsync_GrantedTime_RunsAtOnceOrSaysWhyNot()
    {
        using LearningService service = Service();
        Assert.Null(await service.RunWindowAsync(default));
        Assert.Equal(3, service.Explain().Blocking.Count);
        _device.Set(TrainingPolicyTests.Ready);
        using var end = new CancellationTokenSource();
        Task<OfflineResult?> window = service.RunWindowAsync(end.Token);
        await Until(() => _learner.Windows == 1);
        await end.CancelAsync();
        Assert.Equal(OfflineStatus.Suspended, (await window.WaitAsync(Patience))!.Status);
    }

    [Fact]
    public async Task RunWindowAsync_InARunningHost_IsFollowedByItsRest()
    {
        using LearningService service = Service();
        await service.StartAsync(default);
        _device.Set(TrainingPolicyTests.Ready);
        await Until(() => service.Explain().Phase == LearningPhase.Settling);
        Task<OfflineResult?> window = service.RunWindowAsync(default);
        await Until(() => _learner.Windows == 1);

        // By now the conditions have settled: the service would learn too, and looks again at each of these.
        for (int i = 0; i < 20; i++)
            _time.Advance(TimeSpan.FromMinutes(1));
        _device.Update(s => s with { BatteryLevel = 0.95 });
        _learner.Finish(OfflineStatus.Promoted);
        Assert.Equal(OfflineStatus.Promoted, (await window.WaitAsync(Patience))!.Status);
        string after = service.Explain().ToString();
        Assert.StartsWith("Learning rests: the training is over. It rests until", after, StringComparison.Ordinal);
        for (int i = 0; i < 40; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(30));
            _device.Update(s => s with { BatteryLevel = 0.9 + (i % 2 * 0.01) });
            await Until(() => service.Explain().Phase == LearningPhase.Resting);
        }

        Assert.Equal(1, _learner.Windows);
        await AdvanceUntil(() => _learner.Windows == 2, TimeSpan.FromMinutes(10));

        // An app may still learn during a rest of its own will, and is told no contradiction.
        _learner.Finish(OfflineStatus.Promoted);
        await Until(() => service.Explain().RestsUntil is not null);
        Task<OfflineResult?> wanted = service.RunWindowAsync(default);
        await Until(() => _learner.Windows == 3);
        Assert.Null(service.Explain().RestsUntil);
        Assert.StartsWith("Learning is under way. The next check", service.Explain().ToString(), StringComparison.Ordinal);
        _learner.Finish(OfflineStatus.Promoted);
        await wanted.WaitAsync(Patience);
        await service.StopAsync(default);
        Assert.Equal(3, _learner.Windows);
    }

    [Fact]
    public async Task RunWindowAsync_EndedBeforeTheConditionsSettled_LetsTheServiceWaitForThem()
    {
        using LearningService service = Service();
        await service.StartAsync(default);
        _device.Set(TrainingPolicyTests.Ready);
        using var end = new CancellationTokenSource();
        Task<OfflineResult?> window = service.RunWindowAsync(end.Token);
        await Until(() => _learner.Windows == 1);
        await end.CancelAsync();
        await window.WaitAsync(Patience);
        _device.Update(s => s with { BatteryLevel = 0.95 });
        await Until(() => service.Explain().Phase == LearningPhase.Settling);
        Assert.Equal(1, _learner.Windows);
        await AdvanceUntil(() => _learner.Windows == 2, TimeSpan.FromSeconds(10));
        await service.StopAsync(default);
    }

    [Fact]
    public async Task RunWindowAsync_BehindAnotherWindow_LooksAtTheDeviceWhenItsTurnComes()
    {
        using LearningService service = Service();
        _device.Set(TrainingPolicyTests.Ready);
        Task<OfflineResult?> first = service.RunWindowAsync(default);
        await Until(() => _learner.Windows == 1);
        Task<OfflineResult?> second = service.RunWindowAsync(default);
        _device.Update(s => s with { IsCharging = Ternary.False });
        _learner.Finish(OfflineStatus.Promoted);
        Assert.NotNull(await first.WaitAsync(Patience));
        Assert.Null(await second.WaitAsync(Patience));
        Assert.Equal((1, DeviceSignal.Charging), (_learner.Windows, service.Explain().Blocking.Single().Signal));
    }

    [Fact]
    public async Task RunWindowAsync_Cancelled_IsNotUnderWayAnyMore()
    {
        using LearningService service = Service();
        _device.Set(TrainingPolicyTests.Ready);
        using var cancel = new CancellationTokenSource();
        Task<OfflineResult?> window = service.RunWindowAsync(default, cancel.Token);
        await Until(() => _learner.Windows == 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => window.WaitAsync(Patience));
        Assert.Equal((LearningPhase.Resting, 0), (service.Explain().Phase, service.Explain().Failures));
    }

    [Fact]
    public async Task Explain_RightAfterTheStart_SaysThatItStarts()
    {
        var device = new WaitingDevice();
        using LearningService service = Service(device);
        await service.StartAsync(default);
        Assert.Equal("Learning starts: the device has not been looked at yet.", service.Explain().ToString());
        Assert.Null(service.Explain().NextCheckIn);
        device.Answers.Set();
        await Until(() => service.Explain().Phase == LearningPhase.Blocked);
        await service.StopAsync(default);
        Assert.Equal("Learning is stopped.", service.Explain().ToString());
    }

    [Fact]
    public async Task Window_EnergyAndCpu_AreMeasured()
    {
        double energy = 0, energyPerStep = 0, cpu = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "AutLearn" && instrument.Name.StartsWith("autlearn.train", StringComparison.Ordinal))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            switch (instrument.Name)
            {
                case "autlearn.train.energy":
                    energy += value;
                    break;
                case "autlearn.train.step.energy":
                    energyPerStep = value;
                    break;
                case "autlearn.train.cpu_time":
                    cpu += value;
                    break;
            }
        });
        listener.Start();
        _device.Set(TrainingPolicyTests.Ready);
        using LearningService service = Service(energy: new(_tree.Root, _time));
        Task<OfflineResult?> window = service.RunWindowAsync(default);
        await Until(() => _learner.Windows == 1);
        _learner.Report(new(1, 6, 10, 60, 0, 0, WindowSteps: 1));
        _learner.Report(new(1, 6, 30, 60, 0, 0, WindowSteps: 20));
        _tree.Add("sys/class/powercap/intel-rapl:0", ("energy_uj", "9000000"));
        _learner.Finish(OfflineStatus.Promoted);
        await window.WaitAsync(Patience);
        Assert.Equal((8, 8.0 / 20), (energy, energyPerStep));
        Assert.Equal(8, service.Explain().EnergyInJoules);
        Assert.True(cpu > 0 && service.Explain().CpuTime.TotalSeconds > 0);
    }

    [Fact]
    public async Task Service_DeviceCannotBeAsked_CountsAsUnknownAndGoesOn()
    {
        var device = new FailingDevice();
        using var service = new LearningService(_learner.RunAsync, device, new TrainingPolicy(new() { SettleTime = TimeSpan.Zero }, _time), null, null, _time, null);
        await service.StartAsync(default);
        await Until(() => service.Explain().Phase == LearningPhase.Blocked);
        Assert.Same(device.Failure, service.Explain().DeviceFailure);
        Assert.Contains("The device could not be asked (TimeoutException).", service.Explain().ToString(), StringComparison.Ordinal);
        Assert.Null(await service.RunWindowAsync(default));
        device.Failure = null;
        await AdvanceUntil(() => _learner.Windows == 1, TimeSpan.FromSeconds(10));
        await Until(() => service.Explain() is { Phase: LearningPhase.Learning, DeviceFailure: null });

        // Inside a window too: it ends as where a signal becomes unknown, and learning is not left running.
        device.Failure = new TimeoutException();
        await AdvanceUntil(() => service.Explain() is { Phase: LearningPhase.Blocked, LastResult.Status: OfflineStatus.Suspended }, TimeSpan.FromSeconds(1));
        Assert.True(_learner.EndedGracefully);
        await service.StopAsync(default);
    }

    [Fact]
    public async Task Dispose_WindowOpen_EndsTheLoopWithoutAFault()
    {
        LearningService service = Service();
        await service.StartAsync(default);
        _device.Set(TrainingPolicyTests.Ready);
        await AdvanceUntil(() => _learner.Windows == 1, TimeSpan.FromSeconds(10));
        service.Dispose();
        await service.ExecuteTask!.WaitAsync(Patience);
    }

    [Fact]
    public async Task RunWindowAsync_ProgressIsReported_CountsTheStepsOfTheWindow()
    {
        var logger = new MessageLogger();
        using var service = new LearningService(_learner.RunAsync, _device, null, null, logger, _time, null);
        _device.Set(TrainingPolicyTests.Ready);
        Task<OfflineResult?> window = service.RunWindowAsync(default);
        await Until(() => _learner.Windows == 1);
        _learner.Report(new(2, 6, 21, 60, 10, 15, WindowSteps: 1));
        _learner.Report(new(2, 6, 25, 60, 10, 15, WindowSteps: 4));
        _learner.Finish(OfflineStatus.Suspended);
        await window;
        Assert.Contains(logger.Messages, m => m.Contains("Suspended, 4 steps", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddLearning_Host_LearnsThroughTheContainer()
    {
        string path = LinearArtifacts.Write(_folder.File("model.autlearn"));
        var services = new ServiceCollection();
        services.AddSingleton<ISampleHistory>(MemoryHistory.Of(120));
        services.AddSingleton<IDeviceStateProvider>(_device);
        services.AddAutLearn(o => o.ModelPath = path).AddLearning(o =>
        {
            o.Folder = Path.Combine(_folder.Path, "learning");
            o.Policy.SettleTime = TimeSpan.Zero;
            o.Learner = new() { Epochs = 6, BatchSize = 16, LearningRate = 0.1 };
        });
        await using ServiceProvider provider = services.BuildServiceProvider();
        IHostedService hosted = Assert.Single(provider.GetServices<IHostedService>());
        var service = Assert.IsType<LearningService>(hosted);
        Assert.Same(service, provider.GetRequiredService<LearningService>());
        await service.StartAsync(default);
        float[] before = provider.GetRequiredService<PersonalModel>().GetParameter("w").Span<float>().ToArray();
        _device.Set(TrainingPolicyTests.Ready);
        await Until(() => service.Explain().LastResult is { Status: OfflineStatus.Promoted });
        Assert.NotEqual(before, provider.GetRequiredService<PersonalModel>().GetParameter("w").Span<float>().ToArray());
        await service.StopAsync(default);
    }

    [Fact]
    public void AddLearning_OptionsOutOfRange_FailWhenAskedFor()
    {
        var services = new ServiceCollection();
        services.AddAutLearn(o => o.ModelPath = "model").AddLearning(o =>
        {
            o.Policy.BatteryLevel = 2;
            o.Service.CheckInterval = TimeSpan.Zero;
        });
        using ServiceProvider provider = services.BuildServiceProvider();
        string message = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<TrainingPolicy>()).Message;
        Assert.Contains("Folder", message, StringComparison.Ordinal);
        Assert.Contains("BatteryLevel", message, StringComparison.Ordinal);
        Assert.Contains("CheckInterval", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task RunAsync_TrainingThread_IsNicerThanTheAppsThreads()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Reads nice values from /proc.");
        using var model = PersonalModel.Open(LinearArtifacts.Write(_folder.File("model.autlearn")));
        using FeatureStore store = FeatureStore.Open(_folder.File("store", "x")[..^2], OfflineLearner.OptionsFor(model));
        foreach ((ThreadPriority priority, int nice) in new[] { (ThreadPriority.BelowNormal, 10), (ThreadPriority.Lowest, 19), (ThreadPriority.Normal, 0) })
        {
            int own = NiceOfThisThread();
            int seen = -100;
            var learner = new OfflineLearner(model, MemoryHistory.Of(60), store, Path.Combine(_folder.Path, priority.ToString()), new() { Epochs = 1, Priority = priority });
            await learner.RunAsync(default, new Callback(_ => seen = NiceOfThisThread()));
            Assert.Equal(Math.Max(nice, own), seen);
            Assert.Equal(own, NiceOfThisThread());
        }
    }

    [Fact]
    public async Task RunAsync_LowDuty_EndsWithTheWindowNotAfterTheRest()
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_folder.File("model.autlearn")));
        using FeatureStore store = FeatureStore.Open(_folder.File("store", "x")[..^2], OfflineLearner.OptionsFor(model));
        var history = new SlowHistory();
        var learner = new OfflineLearner(model, history, store, Path.Combine(_folder.Path, "training"), new() { CpuDuty = 0.01 });
        using var end = new CancellationTokenSource();
        Task<OfflineResult> window = learner.RunAsync(end.Token);
        await history.FirstRead.Task.WaitAsync(Patience);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        await end.CancelAsync();
        Assert.Equal(OfflineStatus.Suspended, (await window.WaitAsync(Patience)).Status);

        // One reading takes 100 ms, so its rest would take 9.9 s.
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
    }

    // Field 19 of /proc/thread-self/stat; the second field may hold spaces within parentheses.
    private static int NiceOfThisThread()
    {
        string stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task Until(Func<bool> condition)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Patience, "The condition did not come.");
            await Task.Delay(1);
        }
    }

    private Task AdvanceUntil(Func<bool> condition, TimeSpan step) => Until(() =>
    {
        if (condition())
            return true;
        _time.Advance(step);
        return false;
    });

    private LearningService Service(IDeviceStateProvider? device = null, EnergyMeter? energy = null) =>
        new(_learner.RunAsync, device ?? _device, null, null, null, _time, energy ?? new(Path.Combine(_folder.Path, "nothing"), _time));

    private sealed class Callback(Action<OfflineProgress> action) : IProgress<OfflineProgress>
    {
        public void Report(OfflineProgress value) => action(value);
    }

    private sealed class PolledDevice : IDeviceStateProvider
    {
        private volatile DeviceState _state = DeviceState.Unknown;

        public event EventHandler? Changed
        {
            add { }
            remove { }
        }

        public DeviceState State
        {
            get => _state;
            set => _state = value;
        }

        public DeviceState Read() => _state;
    }

    private sealed class SlowHistory : ISampleHistory
    {
        private readonly MemoryHistory _inner = MemoryHistory.Of(60);

        public TaskCompletionSource FirstRead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<HistorySample> List() => _inner.List();

        public bool TryRead(HistorySample sample, IReadOnlyList<TensorBuffer> inputs)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            while (System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(100))
                Thread.SpinWait(100);
            FirstRead.TrySetResult();
            return _inner.TryRead(sample, inputs);
        }
    }

    /// <summary>Stands in for the learner: a window lasts until the test, the service or the host ends it.</summary>
    private sealed class ScriptedLearner
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource<OfflineResult> _window = new();
        private IProgress<OfflineProgress>? _progress;
        private OfflineProgress _last;
        private int _windows;

        public int Windows => Volatile.Read(ref _windows);

        public bool IgnoresEndOfWindow { get; set; }

        public bool EndedGracefully { get; private set; }

        public bool WasCancelled { get; private set; }

        public async Task<OfflineResult> RunAsync(CancellationToken endOfWindow, IProgress<OfflineProgress>? progress, CancellationToken cancellationToken)
        {
            TaskCompletionSource<OfflineResult> window = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
                (_window, _progress) = (window, progress);
            Interlocked.Increment(ref _windows);
            using CancellationTokenRegistration end = endOfWindow.Register(() =>
            {
                if (!IgnoresEndOfWindow)
                    window.TrySetResult(Result(OfflineStatus.Suspended));
            });
            using CancellationTokenRegistration cancel = cancellationToken.Register(() => window.TrySetCanceled(cancellationToken));
            try
            {
                OfflineResult result = await window.Task;
                EndedGracefully = endOfWindow.IsCancellationRequested;
                return result;
            }
            catch (OperationCanceledException)
            {
                WasCancelled = cancellationToken.IsCancellationRequested;
                throw;
            }
        }

        public void Report(OfflineProgress progress)
        {
            _last = progress;
            lock (_lock)
                _progress!.Report(progress);
        }

        public void Finish(OfflineStatus status)
        {
            lock (_lock)
                _window.TrySetResult(Result(status));
        }

        public void Fail(Exception error)
        {
            lock (_lock)
                _window.TrySetException(error);
        }

        private OfflineResult Result(OfflineStatus status) => new(status, _last, 0, double.NaN, 0, null);
    }

    private sealed class WaitingDevice : IDeviceStateProvider
    {
        public event EventHandler? Changed
        {
            add { }
            remove { }
        }

        public ManualResetEventSlim Answers { get; } = new();

        public DeviceState Read()
        {
            Assert.True(Answers.Wait(Patience));
            return DeviceState.Unknown;
        }
    }

    private sealed class FailingDevice : IDeviceStateProvider
    {
        public event EventHandler? Changed
        {
            add { }
            remove { }
        }

        public Exception? Failure { get; set; } = new TimeoutException();

        public DeviceState Read() => Failure is { } failure ? throw failure : TrainingPolicyTests.Ready;
    }

    private sealed class MessageLogger : ILogger
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }
}
