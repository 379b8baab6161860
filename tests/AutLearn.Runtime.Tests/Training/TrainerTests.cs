using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Tests.Stores;
using AutLearn.Runtime.Training;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Training;

/// <summary>A perceptron with dropout under Adam: parameters, two moments, a step counter and random numbers must all resume.</summary>
[Trait("Category", "Fault")]
public sealed class TrainerTests : IDisposable
{
    private const int Epochs = 4;
    private readonly TemporaryFolder _folder = new();
    private readonly string _package;

    public TrainerTests()
    {
        _package = _folder.File("model.autlearn");
        ModelCompiler.Compile(Perceptron(), new() { Trainable = TrainableSelection.All, Optimizer = new AdamOptimizer(), TrainingDropout = true }).SavePackage(_package);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrainAsync_SmallNetwork_LearnsAndLogs()
    {
        using PersonalModel model = Open();
        string log = _folder.File("log.jsonl");
        TrainerResult result = await Train(model, new() { Epochs = 30, LogFile = log, Schedule = new CosineSchedule(0.03, 30 * 7, 20) });
        Assert.Equal((TrainerEnd.Completed, 210L, 0L, 30), (result.End, result.Steps, result.ResumedAtStep, result.Epochs.Length));
        Assert.True(result.Epochs[^1].ValidationLoss < 0.6 * result.Epochs[0].ValidationLoss, string.Join('\n', result.Epochs));
        Assert.Equal(result.Epochs.MinBy(e => e.ValidationLoss)!.Epoch, result.BestEpoch);
        string[] lines = await File.ReadAllLinesAsync(log);
        Assert.Equal(240, lines.Length);
        Assert.StartsWith("""{"event":"step","epoch":1,"step":1,"loss":""", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("""{"event":"epoch","epoch":1,"step":7,"train_loss":""", lines[7], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_CancelledAtEachStepAndResumed_GivesTheSameBits()
    {
        string wholeLog = _folder.File("whole.jsonl");
        using PersonalModel whole = Open();
        TrainerResult expected = await Train(whole, Options(null, wholeLog));
        byte[] parameters = Bytes(whole);
        string folder = _folder.File("checkpoint"), log = _folder.File("resumed.jsonl");
        int runs = 0;
        TrainerResult? result = null;
        while (result is null)
        {
            Assert.True(++runs < 40);
            using PersonalModel model = Open();
            using var stop = new CancellationTokenSource();
            int steps = 0;
            var progress = new Observer(_ =>
            {
                if (++steps == 3)
                    stop.Cancel();
            });
            try
            {
                result = await Train(model, Options(folder, log), progress, stop.Token);
                Assert.Equal(parameters, Bytes(model));
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal(10, runs);
        Assert.Equal(27, result.ResumedAtStep);
        Assert.Equal(expected.Epochs.ToArray(), result.Epochs.ToArray());
        Assert.Equal(WithoutTimes(wholeLog), WithoutTimes(log));

        using PersonalModel finished = Open();
        result = await Train(finished, Options(folder, log));
        Assert.Equal((28L, 28L), (result.ResumedAtStep, result.Steps));
        Assert.Equal(parameters, Bytes(finished));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainAsync_CrashAtAnyWrite_ResumesToTheSameBits(bool isSealed)
    {
        using var profile = new ProfileFolder();
        using PersonalModel whole = Open();
        TrainerOptions alone = Options(null, null);
        alone.FinalParameters = FinalParameters.Best;
        await Train(whole, alone);
        byte[] parameters = Bytes(whole);
        var counting = new CrashFileSystem();
        await RunOn(counting);
        Assert.InRange(counting.Operations, 40, 200);
        for (int operation = 1; operation <= counting.Operations; operation += 3)
        {
            var files = new CrashFileSystem { CrashAt = operation };
            await Assert.ThrowsAsync<SimulatedCrashException>(() => RunOn(files));
            byte[] resumed = await RunOn(files.Restart(operation));
            Assert.True(parameters.AsSpan().SequenceEqual(resumed), $"crash at operation {operation}");
        }

        async Task<byte[]> RunOn(IFileSystem files)
        {
            using PersonalModel model = Open();
            TrainerOptions options = Options("/checkpoint", null);
            options.FileSystem = files;
            options.Key = isSealed ? profile.Key : null;
            options.FinalParameters = FinalParameters.Best;
            await Train(model, options);
            return Bytes(model);
        }
    }

    [Fact]
    public async Task TrainAsync_WithAKey_GoesOnFromAPlainCheckpointAndSealsTheNext()
    {
        using var profile = new ProfileFolder();
        string folder = _folder.File("checkpoint");
        byte[] parameters;
        using (PersonalModel whole = Open())
        {
            await Train(whole, Options(null, null));
            parameters = Bytes(whole);
        }

        using (PersonalModel model = Open())
        {
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(model, Options(folder, null), new Observer(_ => stop.Cancel()), stop.Token));
        }

        TrainerOptions options = Options(folder, null);
        options.Key = profile.Key;
        using (PersonalModel model = Open())
        {
            Assert.True((await Train(model, options)).ResumedAtStep > 0);
            Assert.Equal(parameters, Bytes(model));
        }

        Assert.All(Directory.GetFiles(folder), f => Assert.True(SealedContent.IsSealed(File.ReadAllBytes(f)), f));
        using PersonalModel withoutKey = Open();
        await Assert.ThrowsAsync<InvalidArtifactException>(() => Train(withoutKey, Options(folder, null)));
    }

    [Fact]
    public async Task TrainAsync_OtherSettingsThanTheCheckpoint_NamesTheSetting()
    {
        string folder = _folder.File("checkpoint");
        using PersonalModel model = Open();
        await Train(model, Options(folder, null));
        TrainerOptions options = Options(folder, null);
        options.Schedule = new ConstantSchedule(0.5);
        AutLearnException error = await Assert.ThrowsAsync<AutLearnException>(() => Train(model, options));
        Assert.Contains("'schedule': constant 0.01, now constant 0.5", error.Message, StringComparison.Ordinal);
        options = Options(folder, null);
        options.Settings = new Dictionary<string, string> { ["images"] = "others" };
        error = await Assert.ThrowsAsync<AutLearnException>(() => Train(model, options));
        Assert.Contains("'images': none, now others", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_DamagedCheckpoint_IsRefused()
    {
        string folder = _folder.File("checkpoint");
        using PersonalModel model = Open();
        await Train(model, Options(folder, null));
        string file = Path.Combine(folder, "checkpoint");
        byte[] bytes = await File.ReadAllBytesAsync(file);
        foreach (int place in new[] { 0, 9, 40, bytes.Length / 2, bytes.Length - 1 })
        {
            byte[] damaged = [.. bytes];
            damaged[place] ^= 4;
            await File.WriteAllBytesAsync(file, damaged);
            await Assert.ThrowsAsync<InvalidArtifactException>(() => Train(model, Options(folder, null)));
        }
    }

    [Fact]
    public async Task TrainAsync_ValidationLossRises_StopsEarlyWithTheBestParameters()
    {
        using PersonalModel model = Open();
        TrainerResult result = await Train(model, new() { Epochs = 200, Patience = 3, Schedule = new ConstantSchedule(0.3), CheckpointFolder = _folder.File("early") });
        Assert.Equal(TrainerEnd.EarlyStopped, result.End);
        Assert.Equal(result.BestEpoch + 3, result.Epochs.Length);
        var again = new EvaluationSum();
        var steps = new InputSteps(model);
        await foreach (TrainingBatch batch in Validation().ReadEpochAsync(1))
            steps.Evaluate(batch, again, default);
        Assert.Equal(result.Epochs[result.BestEpoch!.Value - 1].ValidationLoss!.Value, again.Result(0).Loss, 12);
    }

    [Fact]
    public async Task TrainAsync_HeadOnly_TrainsOnWhatInferenceComputes()
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_folder.File("linear.autlearn")));
        TrainerResult result = await Train(model, new() { Epochs = 8, Schedule = new ConstantSchedule(0.1) });
        Assert.True(result.Epochs[^1].TrainLoss < 0.8 * result.Epochs[0].TrainLoss);
        Assert.Equal(8 * 7, model.ParameterVersion);
    }

    private PersonalModel Open() => PersonalModel.Open(_package, new() { IntraOpThreads = 1, Seed = 7 });

    private static TrainerOptions Options(string? folder, string? log) =>
        new() { Epochs = Epochs, Schedule = new ConstantSchedule(0.01), CheckpointFolder = folder, LogFile = log, CheckpointSteps = 5, FinalParameters = FinalParameters.Last };

    private static DataLoader Validation() => new(new RowSource(40, seed: 6), new() { Order = SampleOrder.Sequential, BatchSize = 16 });

    private static Task<TrainerResult> Train(PersonalModel model, TrainerOptions options, IProgress<TrainerProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new Trainer(model, options).TrainAsync(new(new RowSource(100), new() { BatchSize = 16 }), Validation(), progress, cancellationToken);

    private static byte[] Bytes(PersonalModel model) => model.CaptureState();

    private static string[] WithoutTimes(string path) => [.. File.ReadAllLines(path).Select(l => l.Split(",\"seconds\"")[0])];

    private static OnnxModel Perceptron()
    {
        var random = new Random(3);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 1.6) - 0.8))];
        var graph = new OnnxGraph("perceptron");
        Value x = graph.AddInput("x", new(ElementType.Float32, new Shape("N", 4)));
        Value Weight(string name, params long[] sizes) => graph.AddInitializer(name, Tensor.Of<float>(sizes, Numbers((int)sizes.Aggregate(1L, (a, b) => a * b))));
        KeyValuePair<string, AttributeValue>[] transposed = [new("transB", AttributeValue.Of(1L))];
        Value hidden = graph.AddNode("Gemm", [x, Weight("w1", 16, 4), Weight("b1", 16)], ["hidden"], transposed).Outputs[0]!;
        Value features = graph.AddNode("Relu", [hidden], ["features"]).Outputs[0]!;
        Value dropped = graph.AddNode("Dropout", [features, graph.AddInitializer("ratio", Tensor.Scalar(0.2f))], ["dropped"]).Outputs[0]!;
        Value logits = graph.AddNode("Gemm", [dropped, Weight("w2", 3, 16), Weight("b2", 3)], ["logits"], transposed).Outputs[0]!;
        graph.AddOutput(logits);
        return new(graph, 18);
    }

    private sealed class Observer(Action<TrainerProgress> report) : IProgress<TrainerProgress>
    {
        public void Report(TrainerProgress value) => report(value);
    }
}
