using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class AllocationTests : IDisposable
{
    private const int Warm = 100;
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public AllocationTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TrainStep_Warm_AllocatesNothing()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        using PredictionBatch batch = model.Predict(input, 8);
        float[] features = batch.Boundary[0].Span<float>().ToArray();
        using var source = new CancellationTokenSource();
        CancellationToken token = source.Token;
        Assert.Equal(0, BytesOf(() => model.TrainStep(features, labels, 0.01)));
        Assert.Equal(0, BytesOf(() => model.TrainStep(features, labels, 0.01, token)));
        Assert.Equal(0, BytesOf(() => model.TrainStepOnInputs(input, labels, 0.01, token)));
    }

    [Fact]
    public void TrainStep_AlternatingSizes_AllocatesNothing()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        float[] features = [.. LinearReference.FeaturesOf(input).Select(f => (float)f)];
        int step = 0;
        Assert.Equal(0, BytesOf(() =>
        {
            int rows = step++ % 2 == 0 ? 8 : 3;
            model.TrainStep(features.AsSpan(0, rows * 6), labels.AsSpan(0, rows), 0.01);
        }));
    }

    [Fact]
    public void Predict_ReusedBatch_AllocatesNothing()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, _) = LinearArtifacts.Data(8);
        using PredictionBatch batch = model.CreateBatch(8);
        Assert.Equal(0, BytesOf(() => model.Predict(input, batch)));
        Assert.Equal(0, BytesOf(() => model.Predict(batch)));
    }

    // The least of a few rounds: what the runtime allocates once, as when it recompiles a hot method, is no step's.
    private static long BytesOf(Action action)
    {
        for (int i = 0; i < 40; i++)
            action();
        long least = long.MaxValue;
        for (int round = 0; round < 3 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Warm; i++)
                action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
