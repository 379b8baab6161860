using AutLearn.Cache.Disk;
using AutLearn.Graph;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Runtime.Training;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Training;

/// <summary>A batch without a label that counts, or whose step is refused, ends no training; what is really wrong is told by epoch, batch and row.</summary>
[Trait("Category", "Fault")]
public sealed class OneBadBatchTests : IDisposable
{
    private const int Batch = 4;
    private const int Rows = 3 * Batch;
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public OneBadBatchTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trainer_SecondBatchIgnoredOrRefused_TrainsTheOthers(bool isRefused)
    {
        string log = _folder.File("log.jsonl");
        using var model = PersonalModel.Open(_path);
        using var without = PersonalModel.Open(_path);
        TrainerResult result = await new Trainer(model, new() { Epochs = 2, LogFile = log }).TrainAsync(SecondBatchBad(isRefused));
        Assert.Equal((TrainerEnd.Completed, 4L), (result.End, result.Steps));
        Assert.Equal(isRefused ? (2L, 2L * Batch, 0L) : (0L, 0L, 2L), (result.RefusedSteps, result.RefusedRows, result.IgnoredBatches));
        Assert.Equal(2, (await File.ReadAllLinesAsync(log)).Count(l => l.StartsWith(isRefused ? """{"event":"refused",""" : """{"event":"ignored",""", StringComparison.Ordinal)));
        Assert.All(result.Epochs, e => Assert.True(double.IsFinite(e.TrainLoss)));
        await new Trainer(without, new() { Epochs = 2 }).TrainAsync(Loader(row => row, [0, 1, 2, 3, 8, 9, 10, 11]));
        Assert.Equal(without.GetParameter("w").Bytes.ToArray(), model.GetParameter("w").Bytes.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trainer_InterruptedAroundTheBadBatch_ResumesToTheSameCounts(bool isRefused)
    {
        using var whole = PersonalModel.Open(_path);
        TrainerResult expected = await new Trainer(whole, new() { Epochs = 3 }).TrainAsync(SecondBatchBad(isRefused));
        TrainerResult? result = null;
        byte[] learned = [];
        for (int run = 0; result is null; run++)
        {
            Assert.True(run < 20);
            using var model = PersonalModel.Open(_path);
            using var stop = new CancellationTokenSource();
            try
            {
                result = await new Trainer(model, new() { Epochs = 3, CheckpointFolder = _folder.File("run") })
                    .TrainAsync(SecondBatchBad(isRefused), progress: new Callback<TrainerProgress>(_ => stop.Cancel()), cancellationToken: stop.Token);
                learned = model.GetParameter("w").Bytes.ToArray();
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal((expected.Steps, expected.RefusedSteps, expected.IgnoredBatches), (result.Steps, result.RefusedSteps, result.IgnoredBatches));
        Assert.Equal(whole.GetParameter("w").Bytes.ToArray(), learned);
    }

    [Fact]
    public async Task Trainer_ValidationBatchIgnored_MeasuresTheOthers()
    {
        using var model = PersonalModel.Open(_path);
        TrainerResult result = await new Trainer(model, new() { Epochs = 1 }).TrainAsync(Loader(row => row), SecondBatchBad(isRefused: false));
        Assert.True(double.IsFinite(result.Epochs[0].ValidationLoss!.Value));
        Assert.Equal(1, result.BestEpoch);
    }

    [Fact]
    public async Task Trainer_NothingToLearnFrom_SaysSo()
    {
        using var model = PersonalModel.Open(_path);
        Exception ignored = await Assert.ThrowsAsync<AutLearnException>(() => new Trainer(model).TrainAsync(Loader(row => row with { Labels = Tensor.Scalar(-100L) })));
        Assert.Contains("Epoch 1 changed nothing: in each of its 3 batches every label is the ignored one", ignored.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<NonFiniteStepException>(() => new Trainer(model).TrainAsync(Loader(Infinite)));
        Assert.Contains("epoch 1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Batch 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Row 0", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, model.ParameterVersion);
    }

    [Theory]
    [InlineData(SampleOrder.Sequential)]
    [InlineData(SampleOrder.Shuffled)]
    public async Task Trainer_LabelOutOfRange_NamesLabelEpochBatchAndRow(SampleOrder order)
    {
        using var model = PersonalModel.Open(_path);
        var source = new Source(i => i == 6 ? Row(i) with { Labels = Tensor.Scalar(71L) } : Row(i), Enumerable.Range(0, Rows));
        ArgumentException error = await Assert.ThrowsAnyAsync<ArgumentException>(() =>
            new Trainer(model).TrainAsync(new DataLoader(source, new() { BatchSize = Batch, Order = order })));
        Assert.Matches(@"^Epoch 1, batch \d, row 6 of the source: The label 71 of row \d is outside \[0, 3\) and is not the ignored label -100\.", error.Message);
    }

    [Theory]
    [InlineData(new long[] { 0, 1, 2, -4 }, "The label -4 of row 3 is outside [0, 3) and is not the ignored label -100.")]
    [InlineData(new long[] { 0, 3, 1, 1 }, "The label 3 of row 1 is outside [0, 3) and is not the ignored label -100.")]
    [InlineData(new long[] { long.MaxValue, 0, 1, 1 }, "The label 9223372036854775807 of row 0 is outside [0, 3) and is not the ignored label -100.")]
    [InlineData(new long[] { -100, -100, -100, -100 }, "Every label is the ignored one, so there is nothing to learn from.")]
    public void TrainStep_WrongLabels_NamesTheValueAndItsRow(long[] labels, string message)
    {
        using var model = PersonalModel.Open(_path);
        Assert.Equal(message, Assert.ThrowsAny<ArgumentException>(() => model.TrainStepOnInputs(LinearArtifacts.Data(4).Input, labels, 0.1)).Message);
        Assert.Equal(0, model.ParameterVersion);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FineTuner_SomeBatchesIgnoredOrRefused_TrainsTheOthers(bool isRefused)
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(40);
        if (isRefused)
            input[5 * LinearArtifacts.Inputs] = float.PositiveInfinity;
        else
            Array.Fill(labels, -100, 0, 8);
        FeatureSet features = model.ExtractFeatures(input, labels);
        var reports = new List<long>();
        TrainingResult result = await new FineTuner(model).TrainAsync(features, new() { Epochs = 5, BatchSize = 2 }, new Callback<TrainingProgress>(p => reports.Add(p.Step)));
        Assert.Equal(100, result.Steps + result.IgnoredBatches);
        Assert.InRange(result.IgnoredBatches, isRefused ? 0 : 1, isRefused ? 0 : 20);
        Assert.Equal(isRefused ? (5L, 5L) : (0L, 0L), (result.RefusedSteps, result.RefusedRows));
        Assert.Equal(Enumerable.Range(1, (int)result.Steps).Select(s => (long)s), reports);
        Assert.Equal(result.Steps, model.ParameterVersion);
        Assert.All(result.Epochs, e => Assert.True(double.IsFinite(e.Loss)));
    }

    [Fact]
    public async Task FineTuner_NothingToLearnFrom_SaysSo()
    {
        using var model = PersonalModel.Open(_path);
        float[] input = LinearArtifacts.Data(20).Input;
        var ignored = await Assert.ThrowsAsync<ArgumentException>(() => new FineTuner(model).TrainAsync(model.ExtractFeatures(input, Enumerable.Repeat(-100L, 20).ToArray())));
        Assert.Contains("Every label of the features is the ignored one", ignored.Message, StringComparison.Ordinal);
        Array.Fill(input, float.PositiveInfinity);
        FeatureSet infinite = model.ExtractFeatures(input, new long[20]);
        foreach ((int batch, int refusals) in new[] { (20, 1), (2, 8) })
        {
            var refused = await Assert.ThrowsAsync<NonFiniteStepException>(() => new FineTuner(model).TrainAsync(infinite, new() { BatchSize = batch }));
            Assert.Contains($"Training ends in epoch 1: its last {refusals} step", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"Batch {refusals - 1}:", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, model.ParameterVersion);
    }

    [Fact]
    public async Task FineTuner_LabelOutOfRange_NamesLabelEpochBatchAndRow()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(20);
        labels[13] = 3;
        ArgumentException error = await Assert.ThrowsAnyAsync<ArgumentException>(() => new FineTuner(model).TrainAsync(model.ExtractFeatures(input, labels), new() { BatchSize = 4 }));
        Assert.Matches(@"^Epoch 1, batch \d, row 13 of the features: The label 3 of row \d is outside", error.Message);
    }

    [Fact]
    public async Task OfflineLearner_SamplesIgnoredInfiniteOrOfNoClass_TrainsTheOthers()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model));
        var history = new MemoryHistory();
        (float[] input, long[] labels) = LinearArtifacts.Data(200);
        for (int i = 0; i < 200; i++)
        {
            float[] row = input[(i * LinearArtifacts.Inputs)..((i + 1) * LinearArtifacts.Inputs)];
            if (i == 17)
                row[0] = float.PositiveInfinity;
            history.Add(100 + i, row, i == 40 ? 71 : i is >= 60 and < 80 ? -100 : labels[i]);
        }

        var options = new OfflineLearnerOptions { MinimumSamples = 10, BatchSize = 2, Epochs = 3, Patience = 3, LearningRate = 0.05 };
        OfflineResult result = await new OfflineLearner(model, history, store, _folder.File("work"), options).RunAsync();
        Assert.Equal(OfflineStatus.Promoted, result.Status);
        Assert.Equal((3L, 3L, 1), (result.RefusedSteps, result.RefusedRows, result.SkippedSamples));
        Assert.InRange(result.Progress.WindowSteps, 150, result.Progress.Step);
    }

    [Fact]
    public async Task OfflineLearner_EveryStepRefused_EndsWithTheParametersBefore()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model));
        var history = new MemoryHistory();
        for (int i = 0; i < 100; i++)
            history.Add(100 + i, [float.PositiveInfinity, 1, 1, 1], 0);
        OfflineResult result = await new OfflineLearner(model, history, store, _folder.File("work"), new() { MinimumSamples = 10, BatchSize = 2, HoldOutFraction = 0 }).RunAsync();
        Assert.Equal((8L, 16L, 0L), (result.RefusedSteps, result.RefusedRows, result.Progress.WindowSteps));
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
    }

    private static TrainingSample Row(int index)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(Rows);
        return new([Tensor.Vector<float>(input.AsSpan(index * LinearArtifacts.Inputs, LinearArtifacts.Inputs))], Tensor.Scalar(labels[index]));
    }

    private static TrainingSample Infinite(TrainingSample row) => row with { Inputs = [Tensor.Vector<float>(float.PositiveInfinity, 0, 0, 0)] };

    private static TrainingSample Bad(TrainingSample row, bool isRefused) => isRefused ? Infinite(row) : row with { Labels = Tensor.Scalar(-100L) };

    private static DataLoader Loader(Func<TrainingSample, TrainingSample> change, int[]? rows = null) => new(
        new Source(i => change(Row(i)), rows ?? Enumerable.Range(0, Rows)), new() { BatchSize = Batch, Order = SampleOrder.Sequential });

    private static DataLoader SecondBatchBad(bool isRefused) => new(
        new Source(i => i / Batch == 1 ? Bad(Row(i), isRefused) : Row(i), Enumerable.Range(0, Rows)), new() { BatchSize = Batch, Order = SampleOrder.Sequential });

    private sealed class Source(Func<int, TrainingSample> read, IEnumerable<int> rows) : ISampleSource
    {
        private readonly int[] _rows = [.. rows];

        public int Count => _rows.Length;

        public TrainingSample Read(int index, int epoch) => read(_rows[index]);
    }

    private sealed class Callback<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
