using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class FineTunerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public FineTunerTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrainAsync_SomeEpochs_LearnsAndReports()
    {
        using var model = PersonalModel.Open(_path);
        FeatureSet features = Features(model, 100);
        double before = model.Evaluate(features).Accuracy!.Value;
        var progress = new Recorder();
        TrainingResult result = await new FineTuner(model).TrainAsync(features, new() { Epochs = 20, BatchSize = 16 }, progress);
        EvaluationResult after = model.Evaluate(features);
        Assert.Equal((20, 140L, 140L), (result.Epochs.Length, result.Steps, result.ParameterVersion));
        Assert.Equal(140, progress.Reports.Count);
        Assert.Equal(new TrainingProgress(20, 20, 140, 140, progress.Reports[^1].Result), progress.Reports[^1]);
        Assert.True(result.Epochs[^1].Loss < 0.6 * result.Epochs[0].Loss, $"{result.Epochs[0]} to {result.Epochs[^1]}");
        Assert.True(after.Accuracy > before + 0.1 && after.Accuracy > 0.75, $"{before} to {after.Accuracy}");
    }

    [Fact]
    public async Task TrainAsync_SameSeed_GivesTheSameBits()
    {
        byte[] first = await Train(3), second = await Train(3), other = await Train(4);
        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task TrainAsync_Defaults_AreTheManifests()
    {
        using var model = PersonalModel.Open(_path);
        TrainingResult result = await new FineTuner(model).TrainAsync(Features(model, 20));
        Assert.Equal((4, 12L), (result.Epochs.Length, result.Steps));
    }

    [Fact]
    public async Task TrainAsync_Cancelled_KeepsTheStepsBefore()
    {
        using var model = PersonalModel.Open(_path);
        using var source = new CancellationTokenSource();
        FeatureSet features = Features(model, 64);
        var progress = new Recorder { OnReport = p => { if (p.Step == 5) source.Cancel(); } };
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new FineTuner(model).TrainAsync(features, null, progress, source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal(5, model.ParameterVersion);
        await new FineTuner(model).TrainAsync(features, new() { Epochs = 1 });
        Assert.Equal(13, model.ParameterVersion);
    }

    [Fact]
    public async Task TrainAsync_Mistakes_AreRefusedAtOnce()
    {
        using var model = PersonalModel.Open(_path);
        var tuner = new FineTuner(model);
        await Assert.ThrowsAsync<ArgumentException>(() => tuner.TrainAsync(model.CreateFeatureSet()));
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => tuner.TrainAsync(Features(model, 4), new() { Epochs = 0 }));
    }

    [Fact]
    public void Select_Rows_CopiesThemInOrder()
    {
        using var model = PersonalModel.Open(_path);
        FeatureSet features = Features(model, 10);
        FeatureSet chosen = features.Select(7, 2, 7);
        Assert.Equal(3, chosen.Rows);
        Assert.Equal(3 * ((6 * sizeof(float)) + sizeof(long)), chosen.SizeInBytes);
        EvaluationResult all = model.Evaluate(features), some = model.Evaluate(chosen);
        Assert.Equal([all.CorrectRows[7], all.CorrectRows[2], all.CorrectRows[7]], some.CorrectRows.AsSpan());
        Assert.Throws<ArgumentOutOfRangeException>(() => features.Select(10));
    }

    private async Task<byte[]> Train(int seed)
    {
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        await new FineTuner(model).TrainAsync(Features(model, 50), new() { Epochs = 3, Seed = seed });
        return model.GetParameter("w").Bytes.ToArray();
    }

    private static FeatureSet Features(PersonalModel model, int rows)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(rows);
        return model.ExtractFeatures(input, labels);
    }

    private sealed class Recorder : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];

        public Action<TrainingProgress>? OnReport { get; init; }

        public void Report(TrainingProgress value)
        {
            Reports.Add(value);
            OnReport?.Invoke(value);
        }
    }
}
