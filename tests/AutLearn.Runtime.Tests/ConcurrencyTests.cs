using System.Collections.Concurrent;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class ConcurrencyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public ConcurrencyTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Predict_WhileTraining_SeesOneVersionAtATime()
    {
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        (float[] input, long[] labels) = LinearArtifacts.Data(16);
        float[] features = [.. LinearReference.FeaturesOf(input).Select(f => (float)f)];
        var parameters = new ConcurrentDictionary<long, (float[] Weight, float[] Bias)>();
        parameters[0] = (LinearArtifacts.Weight, LinearArtifacts.Bias);
        var seen = new ConcurrentBag<(long Version, float[] Logits)>();
        var versions = new ConcurrentDictionary<long, bool>();
        using var stop = new CancellationTokenSource();
        using var started = new CountdownEvent(2);
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
        () =>
        {
            using PredictionBatch batch = model.CreateBatch(16);
            started.Signal();
            while (!stop.IsCancellationRequested)
            {
                model.Predict(input, batch);
                seen.Add((batch.ParameterVersion, batch.Logits.Span<float>().ToArray()));
                versions[batch.ParameterVersion] = true;
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default))];
        started.Wait();
        for (int step = 0; step < 400 || (step < 500_000 && versions.Count < 20); step++)
        {
            // A large rate moves every weight in every step, so a mixture of versions would show.
            model.TrainStep(features, labels, 0.5);
            parameters[model.ParameterVersion] = (model.GetParameter("w").Span<float>().ToArray(), model.GetParameter("b").Span<float>().ToArray());
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        double[] exact = [.. features.Select(f => (double)f)];
        foreach ((long version, float[] logits) in seen)
            Close.Assert(new LinearReference(parameters[version].Weight, parameters[version].Bias).Logits(exact), logits, 1e-5);
        Assert.True(versions.Count >= 20, "the readers saw too few versions to prove anything");
    }

    [Fact]
    public async Task TrainStep_FromSeveralThreads_CountsEveryStep()
    {
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        (float[] input, long[] labels) = LinearArtifacts.Data(4);
        var versions = new ConcurrentBag<long>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
                versions.Add(model.TrainStepOnInputs(input, labels, 0.01).ParameterVersion);
        })));
        Assert.Equal(Enumerable.Range(1, 200).Select(v => (long)v), versions.Order());
    }

    [Fact]
    public async Task Dispose_WhileOthersUseTheModel_LetsThemFinish()
    {
        for (int round = 0; round < 20; round++)
        {
            var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
            (float[] input, long[] labels) = LinearArtifacts.Data(4);
            using var started = new CountdownEvent(2);
            Task predicting = Task.Run(() =>
            {
                using PredictionBatch batch = model.CreateBatch(4);
                started.Signal();
                while (true)
                    model.Predict(input, batch);
            });
            Task training = Task.Run(() =>
            {
                model.TrainStepOnInputs(input, labels, 0.01);
                started.Signal();
                while (true)
                    model.TrainStepOnInputs(input, labels, 0.01);
            });
            started.Wait();
            model.Dispose();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => predicting);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => training);
        }
    }
}
