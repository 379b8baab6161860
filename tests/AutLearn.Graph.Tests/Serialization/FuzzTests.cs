using System.Diagnostics;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using CsCheck;

namespace AutLearn.Graph.Tests.Serialization;

/// <summary>Thousands of damaged models: each is refused with an error that names the file, or is a model that survives a round trip.</summary>
[Trait("Category", "Fault")]
public sealed class FuzzTests
{
    private const string Name = "fuzzed.onnx";

    [Fact]
    public void Read_DamagedSamples_AreRefusedOrSurviveARoundTrip()
    {
        byte[][] seeds = [.. SampleModels.All.Values.Select(m => OnnxFile.ToBytes(m()))];
        Fuzz(seeds, cases: 12_000, leastAccepted: 500, leastRefused: 3000);
    }

    [SkippableFact]
    public void Read_DamagedMobileNet_IsRefusedOrSurvivesARoundTrip()
    {
        // The real graph; its large weights become inputs so that damage hits structure.
        OnnxModel model = OnnxFile.Read(TestData.PathOrSkip("mobilenet/mobilenet_v1_0.75_224.onnx"));
        foreach (Value weight in model.Graph.Initializers.Where(w => w.Initializer!.Bytes.Length > 256).ToList())
            model.Graph.MakeInput(weight);
        Fuzz([OnnxFile.ToBytes(model), OnnxFile.ToBytes(SampleModels.Loop())], cases: 3000, leastAccepted: 100, leastRefused: 500);
    }

    [SkippableFact]
    public void Read_MobileNetCutShort_IsRefusedWithinBounds()
    {
        byte[] bytes = File.ReadAllBytes(TestData.PathOrSkip("mobilenet/mobilenet_v1_0.75_224.onnx"));
        var random = new Random(11);
        for (int i = 0; i < 200; i++)
        {
            int length = i < 100 ? random.Next(60_000) : random.Next(bytes.Length);
            long before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(bytes.AsMemory(0, length), Name));
            Assert.Equal(Name, error.File);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    private static void Fuzz(byte[][] seeds, int cases, int leastAccepted, int leastRefused)
    {
        int accepted = 0;
        int refused = 0;
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, seeds.Length - 1], Gen.Int).Sample(
            (a, b, seed) =>
            {
                byte[] bytes = new ModelMutation(seed).Mutate(seeds[a], seeds[b]);
                if (Try(bytes))
                    Interlocked.Increment(ref accepted);
                else
                    Interlocked.Increment(ref refused);
            },
            iter: cases,
            threads: 2);

        // Damage that always or never got through would test nothing.
        Assert.InRange(accepted, leastAccepted, cases);
        Assert.InRange(refused, leastRefused, cases);
    }

    private static bool Try(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        OnnxModel? model = null;
        try
        {
            model = OnnxFile.Read(bytes, Name);
        }
        catch (AutLearnException e)
        {
            Assert.Equal(Name, e.File);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 2_000_000 + (40L * bytes.Length), $"{allocated} bytes for a file of {bytes.Length}");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed} for a file of {bytes.Length}");
        if (model is null)
            return false;

        byte[] written = OnnxFile.ToBytes(model);
        OnnxModel again = OnnxFile.Read(written, Name);
        Assert.True(written.AsSpan().SequenceEqual(OnnxFile.ToBytes(again)));
        Assert.True(written.AsSpan().SequenceEqual(OnnxFile.ToBytes(model.Clone())));
        _ = ModelChecker.FindProblems(model);
        return true;
    }
}
