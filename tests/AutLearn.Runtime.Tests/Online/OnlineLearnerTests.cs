using AutLearn.Cache;
using AutLearn.Runtime.Online;

namespace AutLearn.Runtime.Tests.Online;

[Trait("Category", "Unit")]
public sealed class OnlineLearnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-online-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Feedback_FullBatch_TrainsOneStepInTheBackground()
    {
        using PersonalModel model = Open();
        await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = 4 });
        (float[] input, long[] labels) = LinearArtifacts.Data(4);
        foreach ((long id, int i) in Predict(model, learner, input, 4).Select((id, i) => (id, i)))
            Assert.Equal(FeedbackResult.Accepted, learner.Feedback(id, labels[i]));
        await WaitFor(() => learner.Statistics.Steps == 1);
        Assert.Equal(1, model.ParameterVersion);
        Assert.Equal(4, learner.Statistics.TrainedRows);
        Assert.Equal(1, learner.Statistics.Cache.ReuseRatio);
    }

    [Fact]
    public async Task Stream_LateMissingDuplicateAndOutOfOrderFeedback_EqualsTrainingOnTheSameBatches()
    {
        const int rows = 96;
        const int batch = 8;
        (float[] input, long[] labels) = LinearArtifacts.Data(rows);
        using PersonalModel online = Open();
        using PersonalModel plain = Open();
        var order = new List<int>();
        await using (var learner = new OnlineLearner(online, new OnlineLearnerOptions { BatchSize = batch, LearningRate = 0.05 }))
        {
            var random = new Random(3);
            var waiting = new List<(long Id, int Row)>();
            for (int row = 0; row < rows; row++)
            {
                waiting.Add((Predict(online, learner, input.AsSpan(row * LinearArtifacts.Inputs, LinearArtifacts.Inputs), 1)[0], row));
                while (waiting.Count > 5)
                {
                    (long id, int late) = waiting[random.Next(waiting.Count)];
                    waiting.RemoveAll(w => w.Id == id);
                    if (random.Next(6) == 0)
                        continue;

                    // A wrong label first, corrected before the batch is full: the later one counts. The steps below come one by one.
                    learner.Pause();
                    learner.Feedback(id, (labels[late] + 1) % LinearArtifacts.Classes);
                    Assert.Equal(FeedbackResult.Replaced, learner.Feedback(id, labels[late]));
                    learner.Resume();
                    order.Add(late);
                    if (order.Count % batch == 0)
                        await WaitFor(() => learner.Statistics.Steps == order.Count / batch);
                }
            }
        }

        Assert.InRange(order.Count / batch, 5, 100);
        foreach (int[] rowsOfStep in order.Take(order.Count / batch * batch).Chunk(batch))
        {
            float[] raw = [.. rowsOfStep.SelectMany(r => input.AsSpan(r * LinearArtifacts.Inputs, LinearArtifacts.Inputs).ToArray())];
            plain.TrainStepOnInputs(raw, [.. rowsOfStep.Select(r => labels[r])], 0.05);
        }

        Assert.Equal(plain.ParameterVersion, online.ParameterVersion);
        foreach (string name in (string[])["w", "b"])
            Assert.Equal(plain.GetParameter(name).Span<float>().ToArray(), online.GetParameter(name).Span<float>().ToArray());
    }

    [Fact]
    public async Task Pause_KeepsRows_ResumeTrainsThem()
    {
        using PersonalModel model = Open();
        await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = 2 });
        learner.Pause();
        (float[] input, long[] labels) = LinearArtifacts.Data(6);
        long[] ids = Predict(model, learner, input, 6);
        for (int i = 0; i < 6; i++)
            learner.Feedback(ids[i], labels[i]);
        Assert.Equal(0, await learner.FlushAsync());
        Assert.Equal(6, learner.Statistics.Cache.LabelledRows);
        learner.Resume();
        await WaitFor(() => learner.Statistics.TrainedRows == 6);
        Assert.Equal(3, model.ParameterVersion);
    }

    [Fact]
    public async Task FlushAsync_TrainsTheRemainder()
    {
        using PersonalModel model = Open();
        await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = 16 });
        (float[] input, long[] labels) = LinearArtifacts.Data(5);
        long[] ids = Predict(model, learner, input, 5);
        for (int i = 0; i < 5; i++)
            learner.Feedback(ids[i], labels[i]);
        Assert.Equal(1, await learner.FlushAsync());
        Assert.Equal(5, learner.Statistics.TrainedRows);
        Assert.Equal(FeedbackResult.Unknown, learner.Feedback(ids[0], 0));
    }

    [Fact]
    public async Task Feedback_LabelOutOfRange_ThrowsAndKeepsTheRow()
    {
        using PersonalModel model = Open();
        await using var learner = new OnlineLearner(model);
        long id = Predict(model, learner, LinearArtifacts.Data(1).Input, 1)[0];
        Assert.Throws<ArgumentOutOfRangeException>(() => learner.Feedback(id, LinearArtifacts.Classes));
        Assert.Equal(FeedbackResult.Accepted, learner.Feedback(id, 0));
        Assert.False(learner.Forget(id + 1));
        Assert.True(learner.Forget(id));
        Assert.Equal(0, await learner.FlushAsync());
    }

    [Fact]
    public async Task ParallelPredictions_LoseNoUpdate()
    {
        using PersonalModel model = Open();
        await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = 8 });
        (float[] input, long[] labels) = LinearArtifacts.Data(64);
        Task[] users = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            using PredictionBatch batch = model.CreateBatch(1);
            for (int i = 0; i < 400; i++)
            {
                int row = i % 64;
                model.Predict(input.AsSpan(row * LinearArtifacts.Inputs, LinearArtifacts.Inputs), batch);
                Assert.Equal(FeedbackResult.Accepted, learner.Feedback(learner.Remember(batch), labels[row]));
            }
        }))];
        await Task.WhenAll(users);
        await learner.FlushAsync();
        OnlineStatistics statistics = learner.Statistics;
        Assert.Equal(1200, statistics.TrainedRows);
        Assert.Equal(model.ParameterVersion, statistics.Steps);
        Assert.Equal(0, statistics.Cache.Rejected);
        Assert.Null(statistics.Error);
    }

    [Fact]
    public async Task Dispose_Twice_ThenUse_Throws()
    {
        using PersonalModel model = Open();
        var learner = new OnlineLearner(model);
        await learner.DisposeAsync();
        await learner.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => learner.Feedback(1, 0));
    }

    private static long[] Predict(PersonalModel model, OnlineLearner learner, ReadOnlySpan<float> input, int rows)
    {
        using PredictionBatch batch = model.Predict(input, rows);
        return [.. Enumerable.Range(0, rows).Select(r => learner.Remember(batch, r))];
    }

    private static async Task WaitFor(Func<bool> condition)
    {
        // Only a hang ends this early; the assertion that follows says what was missing.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition() && !patience.IsCancellationRequested)
            await Task.Delay(1);
        Assert.True(condition());
    }

    private PersonalModel Open() =>
        PersonalModel.Open(LinearArtifacts.Write(Path.Combine(_folder, $"{Guid.NewGuid():N}.autlearn")), new PersonalModelOptions { IntraOpThreads = 1 });
}
