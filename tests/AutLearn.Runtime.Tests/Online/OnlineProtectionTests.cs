using System.Runtime.InteropServices;
using AutLearn.Runtime.Online;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Online;

/// <summary>What guards the user: the gate, replay, and class means.</summary>
[Trait("Category", "Unit")]
public sealed class OnlineProtectionTests : IDisposable
{
    private const int Batch = 8;
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public OnlineProtectionTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Gate_HonestFeedback_PromotesWhatWasLearned()
    {
        using var model = PersonalModel.Open(_path);
        await using var learner = new OnlineLearner(model, Gated());
        (float[] input, long[] labels) = LinearArtifacts.Data(400);
        double before = Accuracy(model, input, labels);
        await Stream(model, learner, input, labels);
        Assert.True(learner.Statistics.Promotions > 0);
        Assert.True(Accuracy(model, input, labels) > before + 0.1);
    }

    [Fact]
    public async Task Gate_BurstsOfWrongFeedback_AreRolledBack()
    {
        double[] means = new double[2];
        for (int arm = 0; arm < 2; arm++)
        {
            using var model = PersonalModel.Open(_path);
            (float[] input, long[] labels) = LinearArtifacts.Data(480);
            await using (var teacher = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = Batch, LearningRate = 0.1 }))
                await Stream(model, teacher, input, labels);
            double learned = Accuracy(model, input, labels);
            Assert.True(learned > 0.7);

            // Every sixth batch is wrong, as when somebody else uses the phone; the five after it are right.
            await using var learner = new OnlineLearner(model, arm == 0 ? new() { BatchSize = Batch, LearningRate = 1 } : Gated(1));
            for (int i = 0; i < 480; i += Batch)
            {
                bool isWrong = i / Batch % 6 == 0;
                await Stream(model, learner, Slice(input, i, Batch), isWrong ? [.. labels[i..(i + Batch)].Select(l => (l + 1) % 3)] : labels[i..(i + Batch)]);
                means[arm] += Accuracy(model, input, labels) / (480 / Batch);
            }

            Assert.Equal(arm == 1, learner.Statistics.Rollbacks > 0);
        }

        Assert.True(means[1] > means[0] + 0.05, $"mean accuracy without the gate {means[0]}, with it {means[1]}");
    }

    [Fact]
    public async Task Replay_OneClassForLong_KeepsTheOthers()
    {
        double[] accuracies = new double[2];
        for (int arm = 0; arm < 2; arm++)
        {
            using var model = PersonalModel.Open(_path);
            (float[] input, long[] labels) = LinearArtifacts.Data(600);
            await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = Batch, LearningRate = 0.2, ReplayRows = arm * Batch, ReplayRowsPerClass = 8 });
            await Stream(model, learner, Slice(input, 0, 300), labels[..300]);
            int[] ones = [.. Enumerable.Range(300, 300).Where(i => labels[i] == 1)];
            for (int pass = 0; pass < 5; pass++)
                await Stream(model, learner, [.. ones.SelectMany(i => Slice(input, i, 1))], [.. ones.Select(i => labels[i])]);
            accuracies[arm] = Accuracy(model, input, labels);
            Assert.Equal(arm == 1, learner.Statistics.ReplayedRows > 0);
        }

        Assert.True(accuracies[1] > accuracies[0] + 0.1, $"without replay {accuracies[0]}, with it {accuracies[1]}");
    }

    [Fact]
    public async Task Classify_NewClass_IsKnownFromItsFirstLabels()
    {
        using var model = PersonalModel.Open(_path);
        await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = 1000, NewClassRows = 4 });
        (float[] input, _) = LinearArtifacts.Data(40);
        using PredictionBatch first = model.Predict(Slice(input, 0, 1), 1);
        long head = first.PredictedClass(0), other = (head + 1) % 3;
        Assert.Equal(head, learner.Classify(first));
        learner.Feedback(learner.Remember(first), other);
        Assert.Equal(other, learner.Classify(first));

        // A correction of the same prediction is not a second label, and enough labels hand the class over to the head.
        for (int i = 0; i < 3; i++)
            learner.Feedback(learner.Remember(first), other);
        Assert.Equal(head, learner.Classify(first));
        await learner.ForgetAllAsync();
        Assert.Equal(0, learner.Statistics.Cache.LabelledRows);
        Assert.Equal(head, learner.Classify(first));
    }

    [Fact]
    public void ReplayMemory_ManyRows_KeepsAUniformBoundedSample()
    {
        const int Seed = 4;
        var counts = new int[100];
        for (int run = 0; run < 400; run++)
        {
            var memory = new ReplayMemory(sizeof(int), rowsPerClass: 5, capacity: 1000, Seed + run);
            for (int i = 0; i < 100; i++)
                memory.Add(MemoryMarshal.AsBytes<int>(new[] { i }), 7);
            Assert.Equal(5, memory.Rows);
            byte[] row = new byte[sizeof(int)];
            for (int draw = 0; draw < 5; draw++)
            {
                Assert.True(memory.TryDraw(row));
                counts[BitConverter.ToInt32(row)]++;
            }
        }

        // 2,000 draws over 100 rows: each half of the stream is drawn about as often.
        Assert.InRange(counts[..50].Sum(), 850, 1150);
    }

    [Fact]
    public void ReplayMemory_Full_GivesRareClassesRoom()
    {
        var memory = new ReplayMemory(1, rowsPerClass: 10, capacity: 10, seed: 1);
        for (int i = 0; i < 50; i++)
            memory.Add([1], 1);
        for (int label = 2; label <= 5; label++)
            memory.Add([(byte)label], label);
        Assert.Equal(10, memory.Rows);
        byte[] row = new byte[1];
        var drawn = new Dictionary<long, int>();
        for (int i = 0; i < 500; i++)
        {
            Assert.True(memory.TryDraw(row));
            drawn[row[0]] = drawn.GetValueOrDefault(row[0]) + 1;
        }

        Assert.Equal(5, drawn.Count);
        Assert.All(drawn.Values, n => Assert.InRange(n, 60, 140));
    }

    [Fact]
    public async Task DriftBoost_LossRises_LearnsFaster()
    {
        double[] losses = new double[2];
        for (int arm = 0; arm < 2; arm++)
        {
            using var model = PersonalModel.Open(_path);
            (float[] input, long[] labels) = LinearArtifacts.Data(400);
            await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = Batch, LearningRate = 0.02, DriftBoost = arm == 0 ? 1 : 8 });
            await Stream(model, learner, input, labels);

            // The user's classes change places.
            long[] drifted = [.. labels.Select(l => (l + 1) % 3)];
            await Stream(model, learner, Slice(input, 0, 80), drifted[..80]);
            losses[arm] = model.Evaluate(model.ExtractFeatures(input, drifted)).Loss;
        }

        Assert.True(losses[1] < losses[0], $"constant rate {losses[0]}, with boost {losses[1]}");
    }

    private static OnlineLearnerOptions Gated(double learningRate = 0.2, int labels = Batch) => new() { BatchSize = Batch, LearningRate = learningRate, Gate = new() { MinimumLabels = labels }, GateWindow = 2 * labels };

    private static float[] Slice(float[] input, int first, int rows) => input[(first * LinearArtifacts.Inputs)..((first + rows) * LinearArtifacts.Inputs)];

    private static double Accuracy(PersonalModel model, float[] input, long[] labels) => model.Evaluate(model.ExtractFeatures(input, labels)).Accuracy!.Value;

    private static async Task Stream(PersonalModel model, OnlineLearner learner, float[] input, long[] labels)
    {
        using PredictionBatch batch = model.CreateBatch(1);
        for (int i = 0; i < labels.Length; i++)
        {
            model.Predict(Slice(input, i, 1), batch);
            learner.Feedback(learner.Remember(batch), labels[i]);
            if ((i + 1) % Batch == 0)
                await learner.FlushAsync();
        }

        await learner.FlushAsync();
    }
}
