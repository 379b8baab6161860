using AutLearn.Cache;
using AutLearn.Cache.Disk;
using AutLearn.Graph;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Training;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Losses;

/// <summary>Every loss with every learner: the table of docs/learning.md, cell by cell.</summary>
[Trait("Category", "Conformance")]
public sealed class LossByLearnerTests : IDisposable
{
    private const int Samples = 64;
    private const int Held = 1000;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Tasks => [.. LearningTask.Names];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Tasks))]
    public void TrainStep_Batch_LowersTheLoss(string name)
    {
        var task = LearningTask.Of(name);
        using PersonalModel model = Open(task);
        double before = Loss(model, task);
        (TensorBuffer[] inputs, TensorBuffer labels) = task.Batch(0, 32);
        using PredictionBatch shown = model.Predict(inputs);
        for (int i = 0; i < 60; i++)
            model.TrainStep([.. shown.Boundary], labels, 0.05);
        AssertLearned(before, Loss(model, task));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public async Task FineTuner_Features_LowersTheLoss(string name)
    {
        var task = LearningTask.Of(name);
        using PersonalModel model = Open(task);
        double before = Loss(model, task);
        await new FineTuner(model).TrainAsync(Features(model, task, 0, Samples));
        AssertLearned(before, Loss(model, task));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public async Task Trainer_RowsOfDifferingLength_LowersTheLoss(string name)
    {
        var task = LearningTask.Of(name);
        using PersonalModel model = Open(task);
        double before = Loss(model, task);
        var loader = new DataLoader(new TaskSource(task), new() { BatchSize = 8, PaddingLabel = task.IsSequence ? -1 : null });
        await new Trainer(model, new TrainerOptions { Epochs = 30, Schedule = new ConstantSchedule(0.05) }).TrainAsync(loader);
        AssertLearned(before, Loss(model, task));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public Task OnlineLearner_Feedback_LowersTheLoss(string name) => LearnOnline(name, new() { BatchSize = 8, LearningRate = 0.05 });

    [Theory]
    [MemberData(nameof(Tasks))]
    public async Task OnlineLearner_GateAndReplay_LowersTheLoss(string name)
    {
        OnlineStatistics statistics = await LearnOnline(name, new() { BatchSize = 8, LearningRate = 0.05, ReplayRows = 8, Gate = new() });
        Assert.True(statistics.Promotions > 0, "The gate let nothing serve.");
        Assert.True(statistics.ReplayedRows > 0);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public async Task OfflineLearner_StoredSamples_IsPromoted(string name)
    {
        var task = LearningTask.Of(name);
        using PersonalModel model = Open(task);
        double before = Loss(model, task);
        var options = new OfflineLearnerOptions { RowSizes = task.RowSizes, Patience = 30 };
        using SampleStore samples = SampleStore.Open(_folder.File("samples"), new KeyFileProtector(_folder.File("samples.key")));
        samples.Add([.. Enumerable.Range(0, Samples).Select(i => Stored(task, i))]);
        using FeatureStore features = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model, key: null, task.RowSizes));
        var learner = new OfflineLearner(model, new StoredSampleHistory(samples), features, _folder.File("offline"), options);
        OfflineResult result = await learner.RunAsync();
        Assert.Equal(OfflineStatus.Promoted, result.Status);
        Assert.Equal(0, result.SkippedSamples);
        AssertLearned(before, Loss(model, task));
    }

    [Theory]
    [InlineData("mse", false)]
    [InlineData("tags", false)]
    [InlineData("sequence", false)]
    [InlineData("cross-entropy", true)]
    public async Task OfflineLearner_LabelCorrectedBetweenWindows_StartsAnew(string name, bool isClass)
    {
        var task = LearningTask.Of(name);
        using PersonalModel model = Open(task);
        var options = new OfflineLearnerOptions { RowSizes = task.RowSizes, CheckpointSteps = 1 };
        using SampleStore samples = SampleStore.Open(_folder.File("samples"), new KeyFileProtector(_folder.File("samples.key")));
        IReadOnlyList<long> ids = samples.Add([.. Enumerable.Range(0, Samples).Select(i => Stored(task, i))]);
        using FeatureStore features = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model, key: null, task.RowSizes));
        var learner = new OfflineLearner(model, new StoredSampleHistory(samples), features, _folder.File("offline"), options);
        await CloseAfter(learner, steps: 20);
        await CloseAfter(learner, steps: 10);
        Assert.True((await CloseAfter(learner, steps: 1)).Progress.Step > 20, "A window without a correction goes on.");
        StoredSample first = samples.Find(ids[0])!;
        Assert.True(isClass ? samples.SetLabel(ids[0], 1 - first.Label) : samples.SetLabels(ids[0], Stored(task, 1).Labels));
        Assert.True((await CloseAfter(learner, steps: 1)).Progress.Step < 5, "A training must not go on with a label that was corrected.");
    }

    private static async Task<OfflineResult> CloseAfter(OfflineLearner learner, int steps)
    {
        using var window = new CancellationTokenSource();
        return await learner.RunAsync(window.Token, new Closing(window, steps));
    }

    private async Task<OnlineStatistics> LearnOnline(string name, OnlineLearnerOptions options)
    {
        var task = LearningTask.Of(name);
        using PersonalModel model = Open(task);
        double before = Loss(model, task);
        options.RowSizes = task.RowSizes;
        await using var learner = new OnlineLearner(model, options);
        for (int round = 0; round < 8; round++)
        {
            for (int i = 0; i < Samples; i++)
            {
                (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(i);
                using PredictionBatch shown = model.Predict(inputs);
                long id = learner.Remember(shown);
                FeedbackResult taken = labels.ElementType == ElementType.Int64 ? learner.Feedback(id, labels.Span<long>()) : learner.Feedback(id, labels.Span<float>());
                Assert.Equal(FeedbackResult.Accepted, taken);
            }

            await learner.FlushAsync();
        }

        AssertLearned(before, Loss(model, task));
        return learner.Statistics;
    }

    private static NewSample Stored(LearningTask task, int index)
    {
        (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(index);
        bool isClass = task.Name == "cross-entropy";
        return new()
        {
            Payload = inputs.SelectMany(i => i.Bytes.ToArray()).ToArray(),
            Label = isClass ? labels.Span<long>()[0] : null,
            Labels = isClass ? default : labels.ElementType == ElementType.Int64 ? SampleLabels.Of(labels.Span<long>()) : SampleLabels.Of(labels.Span<float>()),
            Consent = SampleConsent.Given,
        };
    }

    private static FeatureSet Features(PersonalModel model, LearningTask task, int first, int count)
    {
        FeatureSet features = task.IsSequence ? model.CreateFeatureSet(task.RowSizes) : model.CreateFeatureSet();
        for (int i = first; i < first + count; i++)
        {
            (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(i);
            using PredictionBatch shown = model.Predict(inputs);
            features.Add(shown, labels);
        }

        return features;
    }

    // On samples that nothing trains on.
    private static double Loss(PersonalModel model, LearningTask task) => model.Evaluate(Features(model, task, Held, 64)).Loss;

    private static void AssertLearned(double before, double after) => Assert.True(after < 0.7 * before, $"The loss went from {before} to {after}.");

    private PersonalModel Open(LearningTask task) => PersonalModel.Open(task.Write(_folder.File("task.autlearn")));

    private sealed class Closing(CancellationTokenSource window, int steps) : IProgress<OfflineProgress>
    {
        public void Report(OfflineProgress value)
        {
            if (value.WindowSteps >= steps)
                window.Cancel();
        }
    }

    private sealed class TaskSource(LearningTask task) : ISampleSource
    {
        public int Count => Samples;

        public TrainingSample Read(int index, int epoch)
        {
            (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(index);
            return new([.. inputs.Select(Row)], Row(labels));
        }

        private static Tensor Row(TensorBuffer row) => new(row.ElementType, row.Dimensions[1..].ToArray(), row.Bytes.ToArray());
    }
}
