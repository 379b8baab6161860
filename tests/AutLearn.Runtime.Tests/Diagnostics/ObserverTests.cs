using System.Diagnostics;
using System.Diagnostics.Metrics;
using AutLearn.Cache.Disk;
using AutLearn.Graph;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Runtime.Tests.Scheduling;
using AutLearn.Runtime.Training;
using AutLearn.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Diagnostics;

/// <summary>Loggers, progress callbacks, event handlers and listeners that throw end no work and change no result.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Fault")]
public sealed class ObserverTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public ObserverTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Logger_Throws_OnlineLearnerPausesGoesOnAndSaves()
    {
        Exception? failure = null;
        using var model = PersonalModel.Open(_path, new() { RunHook = (file, _) => Throw(file.StartsWith("train", StringComparison.Ordinal) ? failure : null) }, new ThrowingLogger<PersonalModel>());
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        await using var learner = new OnlineLearner(model, new() { BatchSize = 4 });
        using var generations = new GenerationStore(_folder.File("blocked"), logger: new ThrowingLogger<GenerationStore>());
        var time = new FakeTimeProvider();
        using var service = new OnlineLearningService(learner, generations, TimeSpan.FromSeconds(1), new ThrowingLogger<OnlineLearningService>(), time);
        await File.WriteAllTextAsync(_folder.File("blocked"), "a file where the folder should be");
        await service.StartAsync(default);
        failure = new IOException();
        Teach(model, learner, input, labels, 0, 4);
        await Until(() => learner.Statistics.Error is not null);
        Assert.Same(failure, learner.Statistics.Error);
        failure = null;
        learner.Resume();
        await Until(() => learner.Statistics.Steps == 1);
        input[4 * LinearArtifacts.Inputs] = float.NaN;
        Teach(model, learner, input, labels, 4, 8);
        await Until(() => learner.Statistics.Steps == 2);
        Assert.Equal((1L, 7L), (learner.Statistics.RefusedRows, learner.Statistics.TrainedRows));
        await Hosting.RestartTests.SaveFailsUntilUnblocked(service, time, _folder.File("blocked"));
        Assert.Equal(TaskStatus.WaitingForActivation, service.ExecuteTask!.Status);
        await service.StopAsync(default);
        await File.WriteAllTextAsync(Path.Combine(_folder.File("blocked"), "000000000009.generation"), "damaged");
        Assert.Equal(1, generations.Restore(model).Number);
    }

    [Fact]
    public async Task LoggerAndHandlers_Throw_LearningServiceGoesOn()
    {
        var time = new FakeTimeProvider();
        var device = new ManualDeviceState(timeProvider: time);
        int called = 0;
        device.Changed += (_, _) => throw new InvalidOperationException("a handler");
        int windows = 0;
        using var service = new LearningService(
            (_, _, _) => ++windows == 1 ? throw new InvalidOperationException("a window") : Task.FromResult(new OfflineResult(OfflineStatus.NothingToLearn, default, 0, double.NaN, 0, null)),
            device, null, null, new ThrowingLogger<LearningService>(), time, new(_folder.Path, time), () => throw new InvalidOperationException("a history"));
        await service.StartAsync(default);
        device.Changed += (_, _) => called++;
        await Until(() => service.Explain().Phase == LearningPhase.Blocked);

        // The clock stands: only the event can tell it.
        device.Set(TrainingPolicyTests.Ready);
        await Until(() => service.Explain().Phase == LearningPhase.Settling);
        Assert.Equal(1, called);
        await Until(() =>
        {
            time.Advance(TimeSpan.FromMinutes(10));
            return windows >= 2;
        });
        Assert.Null(service.Explain().Samples);
        Assert.False(service.ExecuteTask!.IsCompleted);
        await service.StopAsync(default);
        Assert.True(service.ExecuteTask.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Provider_CannotBeFollowed_IsAskedInstead()
    {
        var time = new FakeTimeProvider();
        int windows = 0;
        using var service = new LearningService(
            (_, _, _) =>
            {
                windows++;
                return Task.FromResult(new OfflineResult(OfflineStatus.NothingToLearn, default, 0, double.NaN, 0, null));
            },
            new DeafDevice(), null, null, null, time, new(_folder.Path, time));
        await service.StartAsync(default);
        await Until(() =>
        {
            time.Advance(TimeSpan.FromMinutes(10));
            return windows > 0;
        });
        await service.StopAsync(default);
        Assert.True(service.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Progress_Throws_TrainsAllTheSameAndLogsOnce()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(24);
        byte[][] learned = new byte[2][];
        for (int arm = 0; arm < 2; arm++)
        {
            var log = new CountingLogger();
            using var model = PersonalModel.Open(_path, logger: log);
            FeatureSet features = model.ExtractFeatures(input, labels);
            TrainingResult fine = await new FineTuner(model).TrainAsync(features, new() { Epochs = 2, BatchSize = 4 }, arm == 0 ? null : new ThrowingProgress<TrainingProgress>());
            Assert.Equal(12, fine.Steps);
            TrainerResult trained = await new Trainer(model, new() { Epochs = 2 }).TrainAsync(Loader(input, labels), progress: arm == 0 ? null : new ThrowingProgress<TrainerProgress>());
            Assert.Equal(TrainerEnd.Completed, trained.End);
            using FeatureStore store = FeatureStore.Open(_folder.File($"features-{arm}"), OfflineLearner.OptionsFor(model));
            OfflineResult night = await new OfflineLearner(model, MemoryHistory.Of(60), store, _folder.File($"work-{arm}")).RunAsync(progress: arm == 0 ? null : new ThrowingProgress<OfflineProgress>());
            Assert.NotEqual(OfflineStatus.Suspended, night.Status);
            learned[arm] = model.GetParameter("w").Bytes.ToArray();
            Assert.Equal(arm == 0 ? 0 : 3, log.ProgressFailures);
        }

        Assert.Equal(learned[0], learned[1]);
    }

    [Fact]
    public async Task Listeners_Throw_NoStepIsTakenTwiceAndAllIsCounted()
    {
        long failures = 0;
        using var counting = new MeterListener { InstrumentPublished = (instrument, l) => Enable(instrument, l, isCounter: true) };
        counting.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref failures, value));
        counting.Start();
        using var throwing = new MeterListener { InstrumentPublished = (instrument, l) => Enable(instrument, l, isCounter: false) };
        throwing.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("a listener"));
        throwing.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("a listener"));
        throwing.Start();
        using var activities = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "AutLearn",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => throw new InvalidOperationException("a listener"),
            ActivityStopped = _ => throw new InvalidOperationException("a listener"),
        };
        ActivitySource.AddActivityListener(activities);
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(12);
        await using (var learner = new OnlineLearner(model, new() { BatchSize = 4 }))
        {
            Teach(model, learner, input, labels, 0, 12);
            await learner.FlushAsync();
            Assert.Equal((3L, 12L, false), (learner.Statistics.Steps, learner.Statistics.TrainedRows, learner.Statistics.IsPaused));
        }

        Assert.Equal(3, model.ParameterVersion);
        await new FineTuner(model).TrainAsync(model.ExtractFeatures(input, labels), new() { Epochs = 1, BatchSize = 4 });
        Assert.Equal(6, model.ParameterVersion);
        Assert.Throws<NonFiniteStepException>(() => model.TrainStepOnInputs([float.NaN, 0, 0, 0], [1], 0.1));
        Assert.True(Interlocked.Read(ref failures) > 6);

        static void Enable(Instrument instrument, MeterListener listener, bool isCounter)
        {
            if (instrument.Meter.Name == "AutLearn" && instrument.Name == "autlearn.observer.failures" == isCounter)
                listener.EnableMeasurementEvents(instrument);
        }
    }

    private static DataLoader Loader(float[] input, long[] labels) => new(
        new Rows(input, labels), new() { BatchSize = 4, Order = SampleOrder.Sequential });

    private static void Teach(PersonalModel model, OnlineLearner learner, float[] input, long[] labels, int from, int to)
    {
        using PredictionBatch batch = model.CreateBatch(1);
        for (int row = from; row < to; row++)
        {
            model.Predict(input.AsSpan(row * LinearArtifacts.Inputs, LinearArtifacts.Inputs), batch);
            learner.Feedback(learner.Remember(batch), labels[row]);
        }
    }

    private static void Throw(Exception? failure)
    {
        if (failure is not null)
            throw failure;
    }

    private static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition() && !patience.IsCancellationRequested)
            await Task.Delay(1);
        Assert.True(condition());
    }

    private sealed class ThrowingLogger<T> : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new InvalidOperationException("a logger");

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.Information ? true : throw new InvalidOperationException("a logger");

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("a logger");
    }

    private sealed class CountingLogger : ILogger<PersonalModel>
    {
        private int _progressFailures;

        public int ProgressFailures => _progressFailures;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is { Message: "a progress" })
                Interlocked.Increment(ref _progressFailures);
        }
    }

    private sealed class ThrowingProgress<T> : IProgress<T>
    {
        public void Report(T value) => throw new InvalidOperationException("a progress");
    }

    private sealed class DeafDevice : IDeviceStateProvider
    {
        public event EventHandler? Changed
        {
            add => throw new PlatformNotSupportedException();
            remove => throw new PlatformNotSupportedException();
        }

        public DeviceState Read() => TrainingPolicyTests.Ready;
    }

    private sealed class Rows(float[] input, long[] labels) : ISampleSource
    {
        public int Count => labels.Length;

        public TrainingSample Read(int index, int epoch) =>
            new([Tensor.Vector<float>(input.AsSpan(index * LinearArtifacts.Inputs, LinearArtifacts.Inputs))], Tensor.Scalar(labels[index]));
    }
}
