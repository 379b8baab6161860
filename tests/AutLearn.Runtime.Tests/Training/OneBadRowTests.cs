using AutLearn.Cache;
using AutLearn.Cache.Disk;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Runtime.Training;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Training;

/// <summary>A row that no step can take costs itself alone: the others of its batch are learned from as if it had not been there.</summary>
[Trait("Category", "Fault")]
public sealed class OneBadRowTests : IDisposable
{
    private const int Batch = 8;
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public OneBadRowTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    /// <summary>Gets which rows of a batch are bad, with what, and how the learner is set.</summary>
    public static TheoryData<int[], float, bool, int> BadRows => new()
    {
        { [0], float.PositiveInfinity, false, 0 },
        { [7], float.NaN, false, 0 },
        { [3], 3e38f, false, 0 },
        { [2, 5], float.NegativeInfinity, false, 0 },
        { [0, 1, 2, 3, 4, 6, 7], float.PositiveInfinity, false, 0 },
        { [4], float.PositiveInfinity, true, 0 },
        { [1, 6], float.NaN, true, 0 },
        { [4], float.PositiveInfinity, false, 4 },
        { [4], float.PositiveInfinity, true, 4 },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(BadRows))]
    public async Task OnlineLearner_BadRows_LearnsAsWithoutThem(int[] bad, float value, bool isGated, int replay)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(4 * Batch);
        foreach (int row in bad)
            Array.Fill(input, value, (Batch + row) * LinearArtifacts.Inputs, LinearArtifacts.Inputs);
        int[][] all = [.. Enumerable.Range(0, 4).Select(b => Enumerable.Range(b * Batch, Batch).ToArray())];
        int[][] good = [.. all.Select((rows, b) => b == 1 ? rows.Where(r => !bad.Contains(r - Batch)).ToArray() : rows)];
        using var model = PersonalModel.Open(_path);
        using var without = PersonalModel.Open(_path);
        OnlineStatistics statistics = await Learn(model, input, labels, all, isGated, replay);
        OnlineStatistics expected = await Learn(without, input, labels, good, isGated, replay);
        Assert.Equal((4L, 1L, bad.Length, (4 * Batch) - bad.Length), (statistics.Steps, statistics.RefusedSteps, (int)statistics.RefusedRows, (int)statistics.TrainedRows));
        Assert.Equal((expected.Promotions, expected.Rollbacks, 0, 0), (statistics.Promotions, statistics.Rollbacks, statistics.Cache.LabelledRows, statistics.Cache.LeasedRows));
        Assert.All(model.GetParameter("w").Span<float>().ToArray(), v => Assert.True(float.IsFinite(v)));

        // A second step draws other rows to replay.
        if (replay == 0)
            AssertNear(without, model);
    }

    [Fact]
    public async Task OnlineLearner_RowsThatOnlyTogetherAreTooMuch_AreAllLearnedFrom()
    {
        // Each loss is finite; the sum of a batch is not.
        const int rows = 64;
        (float[] input, long[] labels) = Large(rows);
        using var model = PersonalModel.Open(_path);
        Assert.Throws<NonFiniteStepException>(() => model.TrainStepOnInputs(input, labels, 1e-35));
        await using var learner = new OnlineLearner(model, new() { BatchSize = rows, LearningRate = 1e-35 });
        learner.Pause();
        Teach(model, learner, input, labels, [.. Enumerable.Range(0, rows)]);
        learner.Resume();
        await learner.FlushAsync();
        OnlineStatistics statistics = learner.Statistics;
        Assert.Equal((0L, (long)rows, 0), (statistics.RefusedRows, statistics.TrainedRows, statistics.Cache.LabelledRows));
        Assert.InRange(statistics.Steps, 2, rows);
        Assert.InRange(statistics.RefusedSteps, 1, statistics.Steps - 1);
    }

    [Fact]
    public async Task OnlineLearner_FailsWhileItLooksForTheBadRow_LosesNoRow()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(Batch);
        input[3 * LinearArtifacts.Inputs] = float.PositiveInfinity;
        for (int failAt = 2; failAt < 20; failAt += 3)
        {
            int calls = 0, fail = failAt;
            using var model = PersonalModel.Open(_path, new()
            {
                IntraOpThreads = 1,
                RunHook = (file, stage) =>
                {
                    if (stage == RunStage.Before && file.StartsWith("train_step", StringComparison.Ordinal) && ++calls == fail)
                        throw new IOException("injected");
                },
            });
            await using var learner = new OnlineLearner(model, new() { BatchSize = Batch });
            learner.Pause();
            Teach(model, learner, input, labels, [.. Enumerable.Range(0, Batch)]);
            learner.Resume();
            while (learner.Statistics.TrainedRows == 0)
            {
                learner.Resume();
                try
                {
                    await learner.FlushAsync();
                }
                catch (IOException)
                {
                    Assert.Equal((Batch, 0L), (learner.Statistics.Cache.LabelledRows, model.ParameterVersion));
                }
            }

            Assert.Equal((Batch - 1L, 1L, 1L), (learner.Statistics.TrainedRows, learner.Statistics.RefusedRows, model.ParameterVersion));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(7)]
    public async Task FineTuner_BadRow_LearnsAsWithoutIt(int bad)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(Batch);
        input[bad * LinearArtifacts.Inputs] = float.NaN;
        using var model = PersonalModel.Open(_path);
        using var without = PersonalModel.Open(_path);
        FeatureSet features = model.ExtractFeatures(input, labels);
        TrainingResult result = await new FineTuner(model).TrainAsync(features, new() { Epochs = 6, BatchSize = Batch });
        Assert.Equal((6L, 6L, 6L), (result.Steps, result.RefusedSteps, result.RefusedRows));
        await new FineTuner(without).TrainAsync(features.Select([.. Enumerable.Range(0, Batch).Where(r => r != bad)]), new() { Epochs = 6, BatchSize = Batch });
        AssertNear(without, model);
    }

    [Fact]
    public async Task FineTuner_IgnoredRowIsBadToo_CostsNothing()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(Batch);
        (input[0], labels[0]) = (float.PositiveInfinity, -100);
        input[3 * LinearArtifacts.Inputs] = float.NaN;
        using var model = PersonalModel.Open(_path);
        TrainingResult result = await new FineTuner(model).TrainAsync(model.ExtractFeatures(input, labels), new() { Epochs = 3, BatchSize = Batch });
        Assert.Equal((3L, 3L, 3L), (result.Steps, result.RefusedSteps, result.RefusedRows));
    }

    [Fact]
    public async Task Trainer_BadRow_LearnsAsWithoutItAndLogsIt()
    {
        string log = _folder.File("log.jsonl");
        using var model = PersonalModel.Open(_path);
        using var without = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(3 * Batch);
        for (int b = 0; b < 3; b++)
        {
            int[] rows = [.. Enumerable.Range(b * Batch, Batch).Where(r => r != 11)];
            without.TrainStepOnInputs([.. rows.SelectMany(r => input[(r * LinearArtifacts.Inputs)..((r + 1) * LinearArtifacts.Inputs)])], [.. rows.Select(r => labels[r])], 0.1);
        }

        input[11 * LinearArtifacts.Inputs] = float.PositiveInfinity;
        var source = new RowSource(input, labels);
        var loader = new DataLoader(source, new() { BatchSize = Batch, Order = SampleOrder.Sequential });
        TrainerResult result = await new Trainer(model, new() { Epochs = 1, LogFile = log, Schedule = new ConstantSchedule(0.1) }).TrainAsync(loader);
        Assert.Equal((3L, 1L, 1L), (result.Steps, result.RefusedSteps, result.RefusedRows));
        Assert.Contains(await File.ReadAllLinesAsync(log), l => l.Contains("\"refused\"", StringComparison.Ordinal) && l.Contains("\"batch\":1,\"rows\":1", StringComparison.Ordinal));
        AssertNear(without, model);
    }

    [Fact]
    public async Task OfflineLearner_BadSample_CostsItselfAlone()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model));
        var history = new MemoryHistory();
        (float[] input, long[] labels) = LinearArtifacts.Data(64);
        input[20 * LinearArtifacts.Inputs] = float.NaN;
        for (int i = 0; i < 64; i++)
            history.Add(100 + i, input[(i * LinearArtifacts.Inputs)..((i + 1) * LinearArtifacts.Inputs)], labels[i]);
        var options = new OfflineLearnerOptions { MinimumSamples = 10, BatchSize = 16, Epochs = 5, HoldOutFraction = 0 };
        OfflineResult result = await new OfflineLearner(model, history, store, _folder.File("work"), options).RunAsync();
        Assert.Equal((5L, 5L, 20L), (result.RefusedSteps, result.RefusedRows, result.Progress.WindowSteps));
    }

    [Fact]
    public async Task FineTuner_GradientsGathered_CostOneRowOrTheWindowTheyRuin()
    {
        string path = _folder.File("gathering.autlearn");
        var graph = new OnnxGraph("linear");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([2, 3], new float[6]));
        graph.AddOutput(graph.AddNode("MatMul", [x, w], ["logits"]).Outputs[0]!);
        ModelCompiler.Compile(new OnnxModel(graph, 18), new() { Trainable = TrainableSelection.All, Optimizer = new AdamOptimizer(), AccumulationSteps = 2 }).SavePackage(path);
        float[] input = [.. Enumerable.Range(0, 32).Select(i => (float)Math.Sin(i))];
        foreach ((float bad, long refusedRows) in new[] { (float.NaN, 1L), (1e25f, 0L) })
        {
            // What is too large shows only when its window updates: then the gradients so far are dropped, and the batch begins the next.
            using var model = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
            input[6] = bad;
            TrainingResult result = await new FineTuner(model).TrainAsync(model.ExtractFeatures(input, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]), new() { Epochs = 1, BatchSize = 4 });
            Assert.Equal((1L, refusedRows, 4L), (result.RefusedSteps, result.RefusedRows, result.MicroSteps));
            Assert.InRange(result.Steps, 1, 2);
            Assert.All(model.GetParameter("w").Span<float>().ToArray(), v => Assert.True(float.IsFinite(v)));
        }
    }

    // Losses near 1/40 of the largest number, of the class that scores least.
    private static (float[] Input, long[] Labels) Large(int rows)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(rows);
        using var folder = new TemporaryFolder();
        using var model = PersonalModel.Open(LinearArtifacts.Write(folder.File("model.autlearn")));
        for (int row = 0; row < rows; row++)
        {
            Span<float> values = input.AsSpan(row * LinearArtifacts.Inputs, LinearArtifacts.Inputs);
            using PredictionBatch batch = model.Predict(values, 1);
            float[] logits = batch.Logits.Span<float>().ToArray();
            labels[row] = Array.IndexOf(logits, logits.Min());
            float scale = 0.08e38f / (logits.Max() - logits.Min());
            for (int i = 0; i < values.Length; i++)
                values[i] *= scale;
        }

        return (input, labels);
    }

    private static async Task<OnlineStatistics> Learn(PersonalModel model, float[] input, long[] labels, int[][] batches, bool isGated, int replay)
    {
        await using var learner = new OnlineLearner(model, new()
        {
            BatchSize = Batch,
            LearningRate = 0.05,
            ReplayRows = replay,
            Gate = isGated ? new GateOptions { MinimumLabels = 2 * Batch } : null,
        });
        foreach (int[] rows in batches)
        {
            learner.Pause();
            Teach(model, learner, input, labels, rows);
            learner.Resume();
            await learner.FlushAsync();
        }

        return learner.Statistics;
    }

    private static void Teach(PersonalModel model, OnlineLearner learner, float[] input, long[] labels, int[] rows)
    {
        using PredictionBatch batch = model.CreateBatch(1);
        foreach (int row in rows)
        {
            model.Predict(input.AsSpan(row * LinearArtifacts.Inputs, LinearArtifacts.Inputs), batch);
            Assert.Equal(FeedbackResult.Accepted, learner.Feedback(learner.Remember(batch), labels[row]));
        }
    }

    // The rest of a batch does not reuse logits, which differ by rounding.
    private static void AssertNear(PersonalModel expected, PersonalModel actual)
    {
        float[] left = expected.GetParameter("w").Span<float>().ToArray(), right = actual.GetParameter("w").Span<float>().ToArray();
        Assert.All(left.Zip(right), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    private sealed class RowSource(float[] input, long[] labels) : ISampleSource
    {
        public int Count => labels.Length;

        public TrainingSample Read(int index, int epoch) =>
            new([Tensor.Vector<float>(input.AsSpan(index * LinearArtifacts.Inputs, LinearArtifacts.Inputs))], Tensor.Scalar(labels[index]));
    }
}
