using AutLearn.Cache.Disk;
using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Runtime.Training;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Training;

/// <summary>Training in micro-batches: the same updates as in whole batches, at the end of an epoch too, through every loop.</summary>
[Trait("Category", "Conformance")]
public sealed class AccumulationTests : IDisposable
{
    private const int Rows = 51;
    private const int Micro = 2;
    private const int Window = 3;
    private const int Epochs = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // 51 rows are 26 micro-batches, 9 windows of 6 rows, the last of 3.
    [Fact]
    public async Task FineTuner_MicroBatches_DoesTheUpdatesOfWholeBatches()
    {
        using PersonalModel whole = Open(1), micro = Open(Window);
        TrainingResult expected = await Fine(whole, Micro * Window), actual = await Fine(micro, Micro);
        Assert.Equal((9 * Epochs, 9 * Epochs), (expected.Steps, expected.MicroSteps));
        Assert.Equal((9 * Epochs, 26 * Epochs), (actual.Steps, actual.MicroSteps));
        AssertSame(whole, micro);
        Assert.False(micro.ApplyAccumulated(0.1));
    }

    [Fact]
    public async Task FineTuner_WindowLongerThanTheEpoch_UpdatesOnceAnEpoch()
    {
        using PersonalModel whole = Open(1), micro = Open(1000);
        var reports = new List<TrainingProgress>();
        await Fine(whole, Rows);
        TrainingResult result = await Fine(micro, 4, new Observer<TrainingProgress>(reports.Add));
        Assert.Equal((Epochs, 13 * Epochs), (result.Steps, result.MicroSteps));
        Assert.All(reports, r => Assert.Equal((Epochs, r.Epoch - 1, false), (r.Steps, r.Step, r.Result.IsUpdate)));
        AssertSame(whole, micro);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trainer_IgnoredLabelsAndIncompleteWindow_DoesTheUpdatesOfWholeBatches(bool isStream)
    {
        using PersonalModel whole = Open(1), micro = Open(Window);
        string log = _folder.File("log.jsonl");
        TrainerResult expected = await Train(whole, Micro * Window, isStream, new() { Epochs = Epochs, Schedule = Falling() });
        TrainerResult actual = await Train(micro, Micro, isStream, new() { Epochs = Epochs, Schedule = Falling(), LogFile = log });

        // Micro-batches without a label that counts stand at the end of a window and of the epoch.
        Assert.Equal((9 * Epochs, 0), (expected.Steps, expected.IgnoredBatches));
        Assert.Equal((9 * Epochs, 2 * Epochs, 24 * Epochs), (actual.Steps, actual.IgnoredBatches, actual.MicroSteps));
        Assert.Equal(expected.Epochs.Select(e => e.Steps), actual.Epochs.Select(e => e.Steps));
        foreach ((TrainerEpoch a, TrainerEpoch b) in expected.Epochs.Zip(actual.Epochs))
            Assert.Equal(a.ValidationLoss!.Value, b.ValidationLoss!.Value, 1e-5);
        AssertSame(whole, micro);
        string[] events = [.. (await File.ReadAllLinesAsync(log)).Select(l => l.Split('"')[3])];
        Assert.Equal(actual.MicroSteps, events.Count(e => e is "step" or "micro_step"));
        Assert.Equal(actual.Steps, events.Count(e => e is "step" or "update"));
    }

    [Fact]
    public async Task Trainer_CancelledInsideWindowsAndResumed_GivesTheSameBits()
    {
        using PersonalModel whole = Open(Window, dropout: true);
        TrainerResult expected = await Train(whole, Micro, false, new() { Epochs = 2 });
        int runs = 0;
        TrainerResult? result = null;
        byte[] state = [];
        while (result is null)
        {
            Assert.True(++runs < 100);
            using PersonalModel model = Open(Window, dropout: true);
            using var stop = new CancellationTokenSource();
            int steps = 0;
            var progress = new Observer<TrainerProgress>(_ =>
            {
                if (++steps == 4)
                    stop.Cancel();
            });
            try
            {
                result = await Train(model, Micro, false, new() { Epochs = 2, CheckpointFolder = _folder.File("checkpoint"), CheckpointSteps = 2 }, progress, stop.Token);
                state = model.CaptureState();
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.True(runs > 8);
        Assert.Equal(whole.CaptureState(), state);
        Assert.Equal((expected.Steps, expected.MicroSteps, expected.IgnoredBatches), (result.Steps, result.MicroSteps, result.IgnoredBatches));
    }

    [Fact]
    public async Task OfflineLearner_MicroBatches_DoesTheUpdatesOfWholeBatches()
    {
        using PersonalModel whole = Open(1), micro = Open(Window);
        foreach ((PersonalModel model, int batch) in ((PersonalModel, int)[])[(whole, Micro * Window), (micro, Micro)])
        {
            using FeatureStore store = FeatureStore.Open(_folder.File($"store{batch}"), OfflineLearner.OptionsFor(model));
            var options = new OfflineLearnerOptions { Epochs = Epochs, BatchSize = batch, LearningRate = 0.05, Variants = 0, Patience = 100, HoldOutFraction = 0 };
            OfflineResult result = await new OfflineLearner(model, MemoryHistory.Of(52), store, _folder.File($"offline{batch}"), options).RunAsync();

            // 52 rows are 9 batches of 6, or 26 of 2.
            Assert.Equal(9 * Epochs, result.Progress.WindowSteps);
        }

        AssertSame(whole, micro);
    }

    [Fact]
    public void ApplyAccumulated_AnyTime_UpdatesWithWhatIsThere()
    {
        using PersonalModel whole = Open(1), micro = Open(Window), restored = Open(Window);
        (float[] input, long[] labels) = LinearArtifacts.Data(6);
        Assert.False(whole.ApplyAccumulated(0.1));
        Assert.False(micro.ApplyAccumulated(0.1));
        byte[] before = micro.GetParameter("w1").Bytes.ToArray();
        Assert.False(micro.TrainStep(input.AsSpan(0, 4), labels.AsSpan(0, 1), 0.1).IsUpdate);
        Assert.False(micro.TrainStep(input.AsSpan(4, 20), labels.AsSpan(1, 5), 0.1).IsUpdate);
        Assert.Equal(before, micro.GetParameter("w1").Bytes.ToArray());

        // The window is state: it goes on where it was saved, also in a model that has not stepped yet.
        micro.SaveState(_folder.File("window.state"));
        restored.LoadState(_folder.File("window.state"));
        Assert.True(restored.ApplyAccumulated(0.1));
        Assert.True(micro.ApplyAccumulated(0.1));
        Assert.True(whole.TrainStep(input, labels, 0.1).IsUpdate);
        AssertSame(whole, micro);
        Assert.Equal(micro.GetParameter("w1").Bytes.ToArray(), restored.GetParameter("w1").Bytes.ToArray());
        Assert.False(micro.ApplyAccumulated(0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => micro.ApplyAccumulated(0));
    }

    private static Task<TrainingResult> Fine(PersonalModel model, int batchSize, IProgress<TrainingProgress>? progress = null)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(Rows);
        return new FineTuner(model).TrainAsync(model.ExtractFeatures(input, labels), new() { Epochs = Epochs, BatchSize = batchSize, LearningRate = 0.05 }, progress);
    }

    private static Task<TrainerResult> Train(
        PersonalModel model, int batchSize, bool isStream, TrainerOptions options, IProgress<TrainerProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var source = new PartlyLabelled();
        DataLoaderOptions loading = new() { BatchSize = batchSize, Order = SampleOrder.Sequential };
        options.FinalParameters = FinalParameters.Last;
        DataLoader loader = isStream ? new(source.Stream, loading) : new(source, loading);
        return new Trainer(model, options).TrainAsync(loader, new(new RowSource(40, seed: 6), new() { BatchSize = 16 }), progress, cancellationToken);
    }

    // A rate that changes every few updates tells whether updates, not batches, are counted.
    private static StepSchedule Falling() => new(0.1, 5, 0.5);

    private static void AssertSame(PersonalModel expected, PersonalModel actual)
    {
        foreach (ParameterSpec parameter in expected.Parameters)
        {
            string name = parameter.Tensor.Name;
            Close.Assert(expected.GetParameter(name).Span<float>().ToArray().Select(v => (double)v), actual.GetParameter(name).Span<float>(), 2e-5);
        }
    }

    private PersonalModel Open(int accumulation, bool dropout = false)
    {
        string path = _folder.File($"model{accumulation}{dropout}.autlearn");
        if (!File.Exists(path))
        {
            ModelCompiler.Compile(Perceptron(dropout), new()
            {
                Trainable = TrainableSelection.All,
                Loss = new SoftmaxCrossEntropyLoss { ClassWeights = [1, 16, 0.5f], IgnoreIndex = -100 },
                Optimizer = new SgdOptimizer { Momentum = 0.9 },
                AccumulationSteps = accumulation,
                TrainingDropout = dropout,
            }).SavePackage(path);
        }

        return PersonalModel.Open(path, new() { IntraOpThreads = 1, Seed = 3 });
    }

    private static OnnxModel Perceptron(bool dropout)
    {
        var random = new Random(3);
        var graph = new OnnxGraph("perceptron");
        Value Weight(string name, params long[] sizes) => graph.AddInitializer(
            name, Tensor.Of<float>(sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5))]));
        Value x = graph.AddInput("x", new(ElementType.Float32, new Shape("N", 4)));
        Value h = graph.AddNode("Tanh", [graph.AddNode("Gemm", [x, Weight("w1", 4, 8), Weight("b1", 8)], ["sum"]).Outputs[0]!], ["hidden"]).Outputs[0]!;
        if (dropout)
            h = graph.AddNode("Dropout", [h, graph.AddInitializer("ratio", Tensor.Scalar(0.2f))], ["dropped"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [h, Weight("w2", 8, 3), Weight("b2", 3)], ["logits"]).Outputs[0]!);
        return new(graph, 18);
    }

    // The labels of every seventh row, of the third micro-batch of a window, and of the epoch's last row are ignored.
    private sealed class PartlyLabelled : ISampleSource
    {
        private readonly RowSource _rows = new(Rows);

        public int Count => Rows;

        public TrainingSample Read(int index, int epoch)
        {
            TrainingSample row = _rows.Read(index, epoch);
            return index % 7 == 3 || index is 22 or 23 or 50 ? row with { Labels = Tensor.Scalar(-100L) } : row;
        }

        public async IAsyncEnumerable<TrainingSample> Stream(int epoch)
        {
            for (int i = 0; i < Rows; i++)
            {
                await Task.Yield();
                yield return Read(i, epoch);
            }
        }
    }

    private sealed class Observer<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
