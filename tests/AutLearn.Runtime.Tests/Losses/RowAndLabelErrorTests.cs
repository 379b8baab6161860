using AutLearn.Cache.Disk;
using AutLearn.Graph;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Training;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Losses;

/// <summary>Labels and rows that do not fit are refused with what would.</summary>
[Trait("Category", "Unit")]
public sealed class RowAndLabelErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Learners_OpenSize_NameItAndTheOption()
    {
        using PersonalModel model = Open("sequence");
        Assert.Contains("'T'", Assert.Throws<NotSupportedException>(() => new OnlineLearner(model)).Message);
        Assert.Contains("'T'", Assert.Throws<NotSupportedException>(() => OfflineLearner.OptionsFor(model)).Message);
        Assert.Contains("Open are 'T'", Assert.Throws<ArgumentException>(() => new OnlineLearner(model, new() { RowSizes = { ["length"] = 6 } })).Message);
        Assert.Throws<ArgumentException>(() => new OnlineLearner(model, new() { RowSizes = { ["T"] = 0 } }));
        Assert.Throws<ArgumentException>(() => new OnlineLearner(model, new() { RowSizes = { ["N"] = 6 } }));
        Assert.Contains("class means", Assert.Throws<NotSupportedException>(() => new OnlineLearner(model, new() { RowSizes = { ["T"] = 6 }, NewClassRows = 3 })).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("mse", 2, "Float32[1]")]
    [InlineData("tags", 2, "Float32[3]")]
    [InlineData("several tasks", 3, "Float32[2]")]
    public async Task Feedback_OtherNumberOfValues_SaysHowMany(string name, int count, string message)
    {
        using PersonalModel model = Open(name);
        await using var learner = new OnlineLearner(model);
        long id = Remember(learner, model, name);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => learner.Feedback(id, new float[count])).Message);
        Assert.Throws<ArgumentException>(() => learner.Feedback(id, ReadOnlySpan<float>.Empty));
    }

    [Theory]
    [InlineData(1.5f)]
    [InlineData(-0.5f)]
    [InlineData(2f)]
    public async Task Feedback_TagBeyondNoAndYes_IsRefused(float label)
    {
        using PersonalModel model = Open("tags");
        await using var learner = new OnlineLearner(model);
        long id = Remember(learner, model, "tags");
        Assert.Contains("[0, 1]", Assert.Throws<ArgumentException>(() => learner.Feedback(id, 0f, label, 1f)).Message);
        Assert.Equal(Cache.FeedbackResult.Accepted, learner.Feedback(id, 0f, 0.5f, 1f));
    }

    [Fact]
    public async Task Feedback_WrongLabels_AreRefusedAndTheRowWaits()
    {
        using PersonalModel tasks = Open("several tasks");
        await using var learner = new OnlineLearner(tasks);
        long id = Remember(learner, tasks, "several tasks");
        Assert.Contains("'kind'", Assert.Throws<ArgumentException>(() => learner.Feedback(id, 2f, 0.5f)).Message);
        Assert.Contains("finite", Assert.Throws<ArgumentException>(() => learner.Feedback(id, 1f, float.NaN)).Message);
        Assert.Equal(Cache.FeedbackResult.Accepted, learner.Feedback(id, 1f, 0.5f));
        Assert.Equal(Cache.FeedbackResult.Replaced, learner.Feedback(id, 0, 1));

        using PersonalModel classes = Open("cross-entropy");
        await using var second = new OnlineLearner(classes);
        long other = Remember(second, classes, "cross-entropy");
        Assert.Throws<ArgumentOutOfRangeException>(() => second.Feedback(other, 2));
        Assert.Contains("fractions", Assert.Throws<ArgumentException>(() => second.Feedback(other, 0.5f)).Message);
        Assert.Equal(Cache.FeedbackResult.Accepted, second.Feedback(other, 1));
    }

    [Fact]
    public async Task Remember_LongerRowThanRowSizes_IsRefused()
    {
        using PersonalModel model = Open("sequence");
        await using var learner = new OnlineLearner(model, new() { RowSizes = { ["T"] = 3 } });
        using PredictionBatch shown = model.Predict(LearningTask.Of("sequence").Batch(0, 1).Inputs);
        Assert.Contains("larger than", Assert.Throws<ArgumentException>(() => learner.Remember(shown)).Message);
    }

    [Fact]
    public async Task Feedback_FewerLabelsThanSteps_IgnoresTheRest()
    {
        using PersonalModel model = Open("sequence");
        await using var learner = new OnlineLearner(model, new() { RowSizes = LearningTask.Sizes });
        using PredictionBatch shown = model.Predict(LearningTask.Of("sequence").Batch(0, 1).Inputs);
        long id = learner.Remember(shown);
        Assert.Throws<ArgumentException>(() => learner.Feedback(id, 1L, 7L));
        Assert.Equal(Cache.FeedbackResult.Accepted, learner.Feedback(id, 1L, 2L));
        Assert.Equal(1, await learner.FlushAsync());
        Assert.Equal(1, learner.Statistics.TrainedRows);
    }

    [Fact]
    public void FeatureSet_RowsOfDifferingLength_NeedRowSizes()
    {
        using PersonalModel model = Open("sequence");
        var task = LearningTask.Of("sequence");
        FeatureSet plain = model.CreateFeatureSet(), padded = model.CreateFeatureSet(LearningTask.Sizes);
        foreach (int i in (int[])[0, 1])
        {
            (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(i);
            using PredictionBatch shown = model.Predict(inputs);
            padded.Add(shown, labels);
            if (i == 0)
                plain.Add(shown, labels);
            else
                Assert.Throws<ArgumentException>(() => plain.Add(shown, labels));
        }

        Assert.Equal(2 + 3, model.Evaluate(padded).LabelCount);
        Assert.Equal(2, padded.Select(1, 0).Rows);
    }

    [Fact]
    public void FeatureSet_Numbers_AreLabels()
    {
        using PersonalModel model = Open("several numbers");
        var task = LearningTask.Of("several numbers");
        (TensorBuffer[] inputs, TensorBuffer labels) = task.Batch(0, 3);
        FeatureSet features = model.CreateFeatureSet();
        using PredictionBatch shown = model.Predict(inputs);
        features.Add(shown, labels.Span<float>());
        Assert.Equal(model.Evaluate(model.ExtractFeatures(inputs, labels)).Loss, model.Evaluate(features).Loss);
        StepResult step = model.TrainStep(shown, labels.Span<float>(), 0.01);
        Assert.Equal(9, step.LabelCount);
        Assert.Throws<ArgumentException>(() => model.TrainStep(shown, labels.Span<float>()[..8], 0.01));
    }

    [Fact]
    public void SampleStore_LabelsOfAnyKind_SurviveAndAreCorrected()
    {
        string folder = _folder.File("samples");
        var key = new KeyFileProtector(_folder.File("key"));
        long numbers, words, label;
        using (SampleStore store = SampleStore.Open(folder, key))
        {
            numbers = store.Add(new NewSample { Payload = new byte[] { 1 }, Labels = SampleLabels.Of(0.5f, -2f), Source = "book", Consent = SampleConsent.Given });
            words = store.Add(new NewSample { Payload = new byte[] { 2 }, Labels = SampleLabels.Of(3L, 4L), Consent = SampleConsent.Given });
            label = store.Add(new NewSample { Payload = new byte[] { 3 }, Label = 5, Consent = SampleConsent.Given });
        }

        using (SampleStore store = SampleStore.Open(folder, key))
        {
            StoredSample found = store.Find(numbers)!;
            Assert.Equal(("book", null, true), (found.Source, found.Label, found.IsTrainable));
            Assert.Equal(SampleLabels.Of(0.5f, -2f), found.Labels.ToArray());
            Assert.Equal(SampleLabels.Of(3L, 4L), store.Find(words)!.Labels.ToArray());
            Assert.True(store.SetLabels(words, SampleLabels.Of(9L)));
            Assert.True(store.SetLabel(numbers, 7));
            Assert.True(store.SetLabels(label, default));
        }

        using (SampleStore store = SampleStore.Open(folder, key))
        {
            Assert.Equal(SampleLabels.Of(9L), store.Find(words)!.Labels.ToArray());
            Assert.Equal((7L, 0), (store.Find(numbers)!.Label, store.Find(numbers)!.Labels.Length));
            Assert.False(store.Find(label)!.IsTrainable);
            Assert.Throws<ArgumentException>(() => store.Add(new NewSample { Payload = new byte[1], Label = 1, Labels = SampleLabels.Of(1f) }));
            Assert.Throws<ArgumentException>(() => store.SetLabels(words, new byte[SampleLabels.LimitInBytes + 1]));
        }
    }

    [Fact]
    public async Task OfflineLearner_LabelsThatDoNotFit_SkipsTheSample()
    {
        var task = LearningTask.Of("tags");
        using PersonalModel model = Open("tags");
        using SampleStore samples = SampleStore.Open(_folder.File("samples"), new KeyFileProtector(_folder.File("key")));
        for (int i = 0; i < 64; i++)
        {
            (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(i);
            byte[] kept = i switch { 3 => SampleLabels.Of(1f, 0f, 1f, 0f), 5 => SampleLabels.Of(float.NaN, 0f, 1f), 7 => [1, 2, 3], _ => SampleLabels.Of(labels.Span<float>()) };
            samples.Add(new NewSample { Payload = inputs[0].Bytes.ToArray(), Labels = kept, Consent = SampleConsent.Given });
        }

        using FeatureStore features = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model));
        OfflineResult result = await new OfflineLearner(model, new StoredSampleHistory(samples), features, _folder.File("offline")).RunAsync();
        Assert.Equal(3, result.SkippedSamples);
        Assert.Equal(OfflineStatus.Promoted, result.Status);
    }

    [Theory]
    [InlineData(200, 190, 1)]
    [InlineData(200, 10, 0)]
    [InlineData(64, 63, 1)]
    public async Task OfflineLearner_SampleThatIsNoNumber_CostsItselfAlone(int count, int bad, int skipped)
    {
        var task = LearningTask.Of("mse");
        using PersonalModel model = Open("mse");
        using SampleStore samples = SampleStore.Open(_folder.File("samples"), new KeyFileProtector(_folder.File("key")));
        for (int i = 0; i < count; i++)
        {
            (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(i);
            if (i == bad)
                inputs[0].Span<float>()[1] = float.NaN;
            samples.Add(new NewSample { Payload = inputs[0].Bytes.ToArray(), Labels = SampleLabels.Of(labels.Span<float>()), Consent = SampleConsent.Given });
        }

        using FeatureStore features = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model));
        OfflineResult result = await new OfflineLearner(model, new StoredSampleHistory(samples), features, _folder.File("offline")).RunAsync();
        Assert.Equal((OfflineStatus.Promoted, skipped), (result.Status, result.SkippedSamples));
        Assert.Equal(skipped == 0, result.RefusedRows > 0);
    }

    [Fact]
    public async Task OfflineLearner_ContentTooShortOrClassForANumber_SkipsTheSample()
    {
        var task = LearningTask.Of("mse");
        using PersonalModel model = Open("mse");
        using SampleStore samples = SampleStore.Open(_folder.File("samples"), new KeyFileProtector(_folder.File("key")));
        for (int i = 0; i < 64; i++)
        {
            (TensorBuffer[] inputs, TensorBuffer labels) = task.Sample(i);
            samples.Add(new NewSample
            {
                Payload = inputs[0].Bytes[..(i == 4 ? 8 : 16)].ToArray(),
                Label = i == 9 ? 5 : null,
                Labels = i == 9 ? default : SampleLabels.Of(labels.Span<float>()),
                Consent = SampleConsent.Given,
            });
        }

        using FeatureStore features = FeatureStore.Open(_folder.File("features"), OfflineLearner.OptionsFor(model));
        OfflineResult result = await new OfflineLearner(model, new StoredSampleHistory(samples), features, _folder.File("offline")).RunAsync();
        Assert.Equal(2, result.SkippedSamples);
    }

    [Fact]
    public async Task DataLoader_PaddingLabel_FillsTheRestOfShorterRows()
    {
        Tensor[] rows = [Tensor.Vector(1L, 2L, 3L), Tensor.Vector(4L)];
        TrainingSample[] samples = [.. rows.Select(r => new TrainingSample([r, Tensor.Of<float>([r.Dimensions[0], 2], [.. Enumerable.Repeat(1f, 2 * (int)r.Dimensions[0])])], r))];
        var loader = new DataLoader(_ => Stream(), new() { BatchSize = 2, Order = Runtime.Training.SampleOrder.Sequential, PaddingLabel = -1 });
        await foreach (TrainingBatch batch in loader.ReadEpochAsync(1))
        {
            Assert.Equal([1L, 2, 3, 4, 0, 0], batch.Inputs[0].Span<long>().ToArray());
            Assert.Equal([1f, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], batch.Inputs[1].Span<float>().ToArray());
            Assert.Equal([1L, 2, 3, 4, -1, -1], batch.Labels.Span<long>().ToArray());
            batch.Dispose();
        }

        var strict = new DataLoader(_ => Stream(), new() { BatchSize = 2, Order = Runtime.Training.SampleOrder.Sequential });
        await Assert.ThrowsAsync<AutLearnException>(async () =>
        {
            await foreach (TrainingBatch batch in strict.ReadEpochAsync(1))
                batch.Dispose();
        });

        async IAsyncEnumerable<TrainingSample> Stream()
        {
            foreach (TrainingSample sample in samples)
            {
                await Task.Yield();
                yield return sample;
            }
        }
    }

    private static long Remember(OnlineLearner learner, PersonalModel model, string name)
    {
        using PredictionBatch shown = model.Predict(LearningTask.Of(name).Sample(0).Inputs);
        return learner.Remember(shown);
    }

    private PersonalModel Open(string name) => PersonalModel.Open(LearningTask.Of(name).Write(_folder.File($"{name}.autlearn")));
}
