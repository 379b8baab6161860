using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AutLearn.Runtime.Tests.Hosting;

/// <summary>A gated candidate and what it was measured by survive a restart.</summary>
[Trait("Category", "Fault")]
public sealed class GateRestartTests : IDisposable
{
    private const int Batch = 8;
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public GateRestartTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(15)]
    public async Task Restart_AfterAnyBatch_DecidesAndLearnsAsWithout(int restartAfter)
    {
        // At first nothing serves, then the candidate, then, as every label is wrong, the anchor again.
        (float[] input, long[] labels) = LinearArtifacts.Data(20 * Batch);
        for (int i = 12 * Batch; i < labels.Length; i++)
            labels[i] = (labels[i] + 1) % LinearArtifacts.Classes;
        using var whole = PersonalModel.Open(_path);
        List<byte[]> expected;
        OnlineStatistics statistics;
        await using (OnlineLearner learner = Learner(whole))
        {
            expected = await Learn(whole, learner, input, labels, 0, 20);
            statistics = learner.Statistics;
        }

        Assert.Equal(expected[0], expected[4]);
        Assert.True(statistics is { Promotions: > 0, Rollbacks: > 0 });
        using var store = new GenerationStore(_folder.File("generations"));
        List<byte[]> actual;
        using (var first = PersonalModel.Open(_path))
        {
            await using OnlineLearner learner = Learner(first);
            actual = await Learn(first, learner, input, labels, 0, restartAfter);
            store.Commit(learner);
        }

        using var second = PersonalModel.Open(_path);
        store.Restore(second);
        await using (OnlineLearner learner = Learner(second))
        {
            Assert.True(store.RestoreCandidate(learner));
            actual.AddRange(await Learn(second, learner, input, labels, restartAfter, 20));
            Assert.Equal((statistics.Promotions, statistics.Rollbacks), (learner.Statistics.Promotions, learner.Statistics.Rollbacks));
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task AddOnlineLearner_CandidateNeverServed_GoesOnAfterARestart()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(12 * Batch);
        long promotions = 0;
        for (int run = 0; run < 12; run++)
        {
            // Each run is too short to decide anything.
            await using ServiceProvider provider = Online();
            IHostedService hosted = Assert.Single(provider.GetServices<IHostedService>());
            await hosted.StartAsync(default);
            PersonalModel model = provider.GetRequiredService<PersonalModel>();
            OnlineLearner learner = provider.GetRequiredService<OnlineLearner>();
            Assert.Equal(promotions > 0, !model.GetParameter("w").Span<float>().SequenceEqual(LinearArtifacts.Weight));
            await Learn(model, learner, input, labels, run, run + 1);
            promotions = learner.Statistics.Promotions;
            await hosted.StopAsync(default);
        }

        Assert.Equal(1, promotions);
    }

    [Fact]
    public async Task RestoreCandidate_ModelIsAnother_BeginsFromIt()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(8 * Batch);
        using var model = PersonalModel.Open(_path);
        using var store = new GenerationStore(_folder.File("generations"));
        await using (OnlineLearner learner = Learner(model))
        {
            await Learn(model, learner, input, labels, 0, 3);
            store.Commit(learner);
        }

        model.TrainStepOnInputs(input.AsSpan(0, LinearArtifacts.Inputs), labels.AsSpan(0, 1), 0.1);
        await using OnlineLearner other = Learner(model);
        Assert.False(store.RestoreCandidate(other));
        await using var plain = new OnlineLearner(model);
        Assert.False(store.RestoreCandidate(plain));
        store.Commit(model);
        store.Restore(model);
        Assert.False(store.RestoreCandidate(other));
        store.Clear();
        Assert.False(store.RestoreCandidate(other));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"ServesCandidate":false,"MayServe":false,"Promotions":-1,"Rollbacks":0,"Anchor":[],"Candidate":[]}""")]
    [InlineData("""{"ServesCandidate":false,"MayServe":false,"Promotions":0,"Rollbacks":0,"Anchor":[null],"Candidate":[null]}""")]
    [InlineData("""{"ServesCandidate":false,"MayServe":false,"Promotions":0,"Rollbacks":0,"Anchor":null,"Candidate":[]}""")]
    public async Task RestoreCandidate_DamagedRecord_IsPassedOver(string note)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(8 * Batch);
        using var model = PersonalModel.Open(_path);
        using var store = new GenerationStore(_folder.File("generations"));
        await using OnlineLearner learner = Learner(model);
        await Learn(model, learner, input, labels, 0, 3);
        long sound = store.Commit(learner);
        SafetensorsFile state = SafetensorsFile.Read(store.ReadNewestFirst().First().Content, "generation");
        Assert.True(store.Commit(new SafetensorsFile(state.Tensors, state.Metadata.SetItem("beside", note)).ToBytes()) > sound);
        Assert.True(store.RestoreCandidate(learner));
        Assert.Equal(sound + 1, store.Restore(model).Number);
    }

    [Fact]
    public async Task Commit_AfterTheLearnerIsGone_KeepsTheModel()
    {
        using var model = PersonalModel.Open(_path);
        using var store = new GenerationStore(_folder.File("generations"));
        OnlineLearner learner = Learner(model);
        await learner.DisposeAsync();
        Assert.Equal(1, store.Commit(learner));
        Assert.Throws<ObjectDisposedException>(() => store.RestoreCandidate(learner));
        Assert.Equal(1, store.Restore(model).Number);
    }

    private static OnlineLearner Learner(PersonalModel model) => new(model, Options());

    private static OnlineLearnerOptions Options() => new() { BatchSize = Batch, LearningRate = 0.2, Gate = new GateOptions { MinimumLabels = 6 * Batch }, GateWindow = 6 * Batch };

    private static async Task<List<byte[]>> Learn(PersonalModel model, OnlineLearner learner, float[] input, long[] labels, int from, int to)
    {
        var served = new List<byte[]>();
        for (int batch = from; batch < to; batch++)
        {
            learner.Pause();
            using PredictionBatch predicted = model.Predict(input.AsSpan(batch * Batch * LinearArtifacts.Inputs, Batch * LinearArtifacts.Inputs), Batch);
            for (int row = 0; row < Batch; row++)
                learner.Feedback(learner.Remember(predicted, row), labels[(batch * Batch) + row]);
            learner.Resume();
            await learner.FlushAsync();
            served.Add(model.GetParameter("w").Bytes.ToArray());
        }

        return served;
    }

    private ServiceProvider Online()
    {
        var services = new ServiceCollection();
        services.AddAutLearn(o => o.ModelPath = _path).AddOnlineLearner(o =>
        {
            o.Folder = _folder.File("online");
            o.Learner = Options();
        });
        return services.BuildServiceProvider();
    }
}
