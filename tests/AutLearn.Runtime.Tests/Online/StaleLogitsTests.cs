using AutLearn.Cache;
using AutLearn.Graph;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Training;
using AutLearn.Runtime.Stores;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Online;

/// <summary>A step never applies logits, or a decision, of parameters that something else has replaced meanwhile.</summary>
[Trait("Category", "Fault")]
public sealed class StaleLogitsTests : IDisposable
{
    private static readonly Dictionary<string, Tensor> Zero = new()
    {
        ["w"] = Tensor.Of<float>([LinearArtifacts.Classes, LinearArtifacts.Features], new float[18]),
        ["b"] = Tensor.Of<float>([LinearArtifacts.Classes], new float[3]),
    };

    // At these parameters the loss of label 1 is 0, so a step leaves them as they are; one with the logits of zero parameters does not.
    private static readonly Dictionary<string, Tensor> Certain = new(Zero) { ["b"] = Tensor.Of<float>([LinearArtifacts.Classes], [-50, 50, -50]) };

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public StaleLogitsTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Changes => ["SetParameters", "LoadState", "LoadState of a higher version", "Reset", "promotion", "generation"];

    [Theory]
    [MemberData(nameof(Changes))]
    public void Step_ParametersReplacedAfterTheLease_ComputesTheLogitsAnew(string change)
    {
        using var model = PersonalModel.Open(_path);
        using var plain = PersonalModel.Open(_path);
        using FeatureCache cache = Cache(model);
        using PredictionBatch predicted = model.Predict([1, 2, 3, 4], 1);
        CacheBatch batch = Lease(model, cache, predicted);
        Assert.Equal(model.ParameterVersion, batch.LogitsVersion);
        long before = model.ParameterVersion;
        Replace(model, change);
        Assert.True(model.ParameterVersion > before);
        Assert.NotEqual(model.ParameterVersion, batch.LogitsVersion);
        using var step = new OnlineStep(model, new RowLayout(model.Manifest), new() { BatchSize = 1, LearningRate = 1 });
        Tensor from = model.GetParameter("w"), bias = model.GetParameter("b");
        step.Train(batch, CancellationToken.None);
        plain.SetParameters(new Dictionary<string, Tensor> { ["w"] = from, ["b"] = bias });
        plain.TrainStep([predicted.BoundaryBuffers[0]], Labels(1), 1);
        Assert.Equal(plain.GetParameter("w").Bytes.ToArray(), model.GetParameter("w").Bytes.ToArray());
        Assert.Equal(plain.GetParameter("b").Bytes.ToArray(), model.GetParameter("b").Bytes.ToArray());
    }

    [Fact]
    public void Step_NothingReplaced_ReusesTheLogits()
    {
        List<string> runs = [];
        using var model = PersonalModel.Open(_path, new() { RunHook = (file, _) => runs.Add(file) });
        using FeatureCache cache = Cache(model);
        using PredictionBatch predicted = model.Predict([1, 2, 3, 4], 1);
        CacheBatch batch = Lease(model, cache, predicted);
        using var step = new OnlineStep(model, new RowLayout(model.Manifest), new() { BatchSize = 1 });
        step.Train(batch, CancellationToken.None);
        Assert.Equal("train_step_cached.onnx", runs[^1]);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Gate_ServingModelReplacedDuringAStep_IsNotOverwritten(string change)
    {
        using var model = PersonalModel.Open(_path);
        using var gate = new OnlineGate(model, new GateOptions { MinimumLabels = 1 }, windowLabels: 8);
        using PredictionBatch predicted = model.Predict([1, 2, 3, 4], 1);
        TensorBuffer labels = Labels(1);
        gate.Observe(predicted.BoundaryBuffers, labels, 1, CancellationToken.None);
        gate.Candidate.TrainStep(predicted.BoundaryBuffers, labels, 1);
        gate.Trained();
        Assert.Equal(1, gate.Promotions);
        gate.Observe(predicted.BoundaryBuffers, labels, 1, CancellationToken.None);
        gate.Candidate.TrainStep(predicted.BoundaryBuffers, labels, 1);
        Replace(model, change);
        byte[] replaced = model.GetParameter("b").Bytes.ToArray();
        gate.Trained();
        Assert.Equal(replaced, model.GetParameter("b").Bytes.ToArray());

        // What stands now is where learning begins.
        gate.Observe(predicted.BoundaryBuffers, labels, 1, CancellationToken.None);
        Assert.Equal(replaced, gate.Candidate.GetParameter("b").Bytes.ToArray());
    }

    [Fact]
    public async Task Race_SetParametersAgainstSteps_NoUpdateIsOfOtherLogits()
    {
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        await using var learner = new OnlineLearner(model, new() { BatchSize = 1, LearningRate = 1 });
        using PredictionBatch batch = model.CreateBatch(1);
        new float[] { 1, 2, 3, 4 }.CopyTo(batch.Inputs[0].Span<float>());
        var random = new Random(1);
        int wrong = 0;
        for (int race = 0; race < 2000; race++)
        {
            model.Reset();
            model.SetParameters(Zero);
            model.Predict(batch);
            learner.Feedback(learner.Remember(batch), 1);
            Thread.SpinWait(random.Next(4000));
            model.SetParameters(Certain);
            await learner.FlushAsync();

            // Either the step came before, and what replaced it stands; or after, and changed nothing.
            wrong += Math.Abs(model.GetParameter("b").Span<float>()[1] - 50) > 0.01f ? 1 : 0;
        }

        Assert.Equal((0, 2000L), (wrong, learner.Statistics.Steps));
    }

    [Fact]
    public void Versions_NeverStandForTwoSetsOfValues()
    {
        using var model = PersonalModel.Open(_path);
        var seen = new Dictionary<long, byte[]>();
        string early = _folder.File("early"), late = _folder.File("late");
        model.SaveState(early);
        for (int i = 0; i < 5; i++)
            Note(() => model.TrainStepOnInputs([1, 2, 3, 4], [i % 3], 0.5));
        model.SaveState(late);
        foreach (string change in (string[])["Reset", early, late, "Reset", late, early, "SetParameters", late])
        {
            Note(() =>
            {
                if (File.Exists(change))
                    model.LoadState(change);
                else
                    Replace(model, change);
            });
            Note(() => model.TrainStepOnInputs([1, 2, 3, 4], [0], 0.25));
        }

        void Note(Action act)
        {
            long before = model.ParameterVersion;
            act();
            Assert.True(model.ParameterVersion > before);
            Assert.True(seen.TryAdd(model.ParameterVersion, model.GetParameter("b").Bytes.ToArray()));
        }
    }

    private static FeatureCache Cache(PersonalModel model) => new(new()
    {
        Columns = [new("features", LinearArtifacts.Features * sizeof(float))],
        LogitsSizeInBytes = LinearArtifacts.Classes * sizeof(float),
        CapacityInBytes = 4096,
        BackboneKey = model.Manifest.BackboneSha256,
    });

    private static CacheBatch Lease(PersonalModel model, FeatureCache cache, PredictionBatch predicted)
    {
        cache.TryAdd(1, predicted.BoundaryBuffers[0].Bytes, predicted.Logits.Bytes, predicted.ParameterVersion);
        cache.Label(1, 1);
        CacheBatch batch = cache.CreateBatch(1);
        Assert.True(cache.TryLease(batch, 1, model.ParameterVersion));
        return batch;
    }

    private static TensorBuffer Labels(params long[] labels)
    {
        var buffer = new TensorBuffer(ElementType.Int64, labels.Length);
        buffer.CopyFrom<long>(labels);
        return buffer;
    }

    private void Replace(PersonalModel model, string change)
    {
        using var other = PersonalModel.Open(_path);
        other.SetParameters(Certain);
        switch (change)
        {
            case "SetParameters":
                model.SetParameters(Certain);
                return;
            case "Reset":
                model.Reset();
                return;
            case "promotion":
                model.CopyFrom(other);
                return;
            case "generation":
                using (var generations = new GenerationStore(_folder.File("generations")))
                {
                    generations.Commit(other);
                    generations.Restore(model);
                }

                return;
            default:
                for (int i = 0; i < 9 && change != "LoadState"; i++)
                    other.SetParameters(Certain);
                other.SaveState(_folder.File("state"));
                model.LoadState(_folder.File("state"));
                return;
        }
    }
}
