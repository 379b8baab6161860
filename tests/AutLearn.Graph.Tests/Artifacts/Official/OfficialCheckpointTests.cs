using System.Collections.Immutable;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using CsCheck;

namespace AutLearn.Graph.Tests.Artifacts.Official;

[Trait("Category", "Unit")]
public sealed class OfficialCheckpointTests
{
    [Fact]
    public void Read_WhatWasWritten_IsEqual()
    {
        OfficialCheckpoint written = Sample();
        OfficialCheckpoint read = OfficialCheckpoint.Read(written.ToBytes(), "sample");
        Assert.Equal(written.Trainable.Keys, read.Trainable.Keys);
        Assert.All(written.Trainable, p => Assert.True(p.Value.ContentEquals(read.Trainable[p.Key]), p.Key));
        Assert.All(written.Frozen, p => Assert.True(p.Value.ContentEquals(read.Frozen[p.Key]), p.Key));
        OfficialOptimizerGroup group = Assert.Single(read.OptimizerGroups);
        Assert.Equal(("group0", 17L, 0.25f), (group.Name, group.Step, group.InitialLearningRate));
        Assert.True(written.OptimizerGroups[0].Moments["fc.weight"]["momentum1"].ContentEquals(group.Moments["fc.weight"]["momentum1"]));
        Assert.Equal(written.Properties, read.Properties);
        Assert.Equal(written.ToBytes(), read.ToBytes());
    }

    [Fact]
    public void ApplyTo_Model_ReplacesInitializers()
    {
        var graph = new OnnxGraph("g");
        Value weight = graph.AddInitializer("fc.weight", Tensor.Of<float>([2, 3], new float[6]));
        graph.AddInitializer("fc.bias", Tensor.Vector(0f, 0f));
        graph.AddInitializer("conv.weight", Tensor.Of<float>([1, 1, 2, 2], new float[4]));
        Assert.Equal(3, Sample().ApplyTo(new OnnxModel(graph, 18)));
        Assert.Equal([1f, 2, 3, 4, 5, 6], weight.Initializer!.Span<float>().ToArray());
    }

    [Fact]
    public void ApplyTo_OtherModel_NamesEveryMismatchAndChangesNothing()
    {
        var graph = new OnnxGraph("g");
        Value weight = graph.AddInitializer("fc.weight", Tensor.Of<float>([3, 2], new float[6]));
        InvalidModelException error = Assert.Throws<InvalidModelException>(() => Sample().ApplyTo(new OnnxModel(graph, 18)));
        Assert.Contains("'fc.weight'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'fc.bias'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'conv.weight'", error.Message, StringComparison.Ordinal);
        Assert.All(weight.Initializer!.Span<float>().ToArray(), v => Assert.Equal(0, v));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(100)]
    public void Read_CutShort_NamesTheFile(int length)
    {
        InvalidArtifactException error = Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(Sample().ToBytes().AsMemory(0, length), "cut.ckpt"));
        Assert.Equal("cut.ckpt", error.File);
        Assert.Contains("'cut.ckpt'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyDamage_OnlyInvalidArtifactWithinBoundedMemory()
    {
        byte[] good = Sample().ToBytes();
        Gen.Select(Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 6], Gen.Int[good.Length / 2, good.Length]).Sample(
            t =>
            {
                byte[] bad = good[..t.Item2];
                foreach ((int at, byte value) in t.Item1)
                    bad[at % bad.Length] = value;
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    OfficialCheckpoint.Read(bad, "hostile");
                }
                catch (InvalidArtifactException)
                {
                }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
            },
            iter: 20000);
    }

    private static OfficialCheckpoint Sample() => new()
    {
        Trainable = ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)
            .Add("fc.weight", Tensor.Of<float>([2, 3], [1, 2, 3, 4, 5, 6]))
            .Add("fc.bias", Tensor.Vector(-1f, 1f)),
        Frozen = ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)
            .Add("conv.weight", Tensor.Of<float>([1, 1, 2, 2], [0.5f, 0, 0, 0.5f])),
        OptimizerGroups =
        [
            new(
                "group0",
                17,
                0.25f,
                ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, Tensor>>(StringComparer.Ordinal)
                    .Add("fc.weight", ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)
                        .Add("momentum0", Tensor.Of<float>([2, 3], [1, 1, 1, 1, 1, 1]))
                        .Add("momentum1", Tensor.Of<float>([2, 3], [2, 2, 2, 2, 2, 2])))),
        ],
        Properties = ImmutableSortedDictionary.Create<string, object>(StringComparer.Ordinal)
            .Add("epoch", 3L)
            .Add("best_score", 0.75f)
            .Add("note", "naïve"),
    };
}
