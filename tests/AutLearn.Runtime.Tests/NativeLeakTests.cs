using System.Diagnostics;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

[Collection(AloneCollection.Name)]
[Trait("Category", "Unit")]
public sealed class NativeLeakTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public NativeLeakTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void OpenTrainDispose_ManyTimes_KeepsMemoryAndHandles()
    {
        Cycle(15);
        long leastMemory = long.MaxValue, leastHandles = long.MaxValue;
        // What else the process does may grow in one round; what leaks grows in each.
        for (int round = 0; round < 3; round++)
        {
            (long memory, int handles) = Usage();
            Cycle(60);
            (long memoryAfter, int handlesAfter) = Usage();
            leastMemory = Math.Min(leastMemory, memoryAfter - memory);
            leastHandles = Math.Min(leastHandles, handlesAfter - handles);
        }

        // A leaked session is above 200 kB; 60 of them would be twice this.
        Assert.InRange(leastMemory, long.MinValue, 6 << 20);
        Assert.InRange(leastHandles, long.MinValue, 10);
    }

    [Fact]
    public void TrainStep_ManySizes_KeepsFewPlans()
    {
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        Sizes(model, 1, 50);
        (long memory, _) = Usage();
        Sizes(model, 1, 400);
        (long memoryAfter, _) = Usage();
        Assert.InRange(memoryAfter - memory, long.MinValue, 16 << 20);
    }

    private static void Sizes(PersonalModel model, int first, int count)
    {
        for (int rows = first; rows < first + count; rows++)
        {
            (float[] input, long[] labels) = LinearArtifacts.Data(rows);
            model.TrainStepOnInputs(input, labels, 0.01);
        }
    }

    private void Cycle(int times)
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        for (int i = 0; i < times; i++)
        {
            using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
            model.TrainStepOnInputs(input, labels, 0.1);
            model.Evaluate(model.ExtractFeatures(input, labels));
        }
    }

    private static (long Memory, int Handles) Usage()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return (process.WorkingSet64, process.HandleCount);
    }
}
