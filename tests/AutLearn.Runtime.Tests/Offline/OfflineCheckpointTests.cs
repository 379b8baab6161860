using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Offline;

namespace AutLearn.Runtime.Tests.Offline;

[Trait("Category", "Fault")]
public sealed class OfflineCheckpointTests
{
    private static readonly OfflineCheckpoint Checkpoint = new()
    {
        Plan = new()
        {
            FeatureKey = "key",
            Seed = 3,
            Epochs = 4,
            BatchSize = 5,
            LearningRate = 0.125,
            Variants = 1,
            Patience = 2,
            Train = [new(1, 2, 3), new(-4, 5, long.MinValue)],
            HoldOut = [new(6, 7, 8)],
        },
        Position = new(2, 1, 1, double.NaN),
        State = [1, 2, 3, 4],
        Best = [5, 6],
    };

    [Fact]
    public void Parse_WhatWasWritten_GivesItBack()
    {
        var read = OfflineCheckpoint.Parse(Checkpoint.ToBytes(), "c");
        Assert.Equal(Checkpoint.Position, read.Position);
        Assert.Equal(Checkpoint.State, read.State);
        Assert.Equal(Checkpoint.Best, read.Best);
        Assert.Equal(Checkpoint.Plan.Train, read.Plan.Train);
        Assert.Equal(Checkpoint.Plan.HoldOut, read.Plan.HoldOut);
        Assert.Equal(Checkpoint.Plan with { Train = read.Plan.Train, HoldOut = read.Plan.HoldOut }, read.Plan);
    }

    [Fact]
    public void Parse_EveryBitFlippedAndEveryTruncation_IsRefused()
    {
        byte[] intact = Checkpoint.ToBytes();
        for (int bit = 0; bit < intact.Length * 8; bit++)
        {
            byte[] damaged = [.. intact];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidArtifactException>(() => OfflineCheckpoint.Parse(damaged, "c"));
        }

        for (int length = 0; length < intact.Length; length++)
            Assert.Throws<InvalidArtifactException>(() => OfflineCheckpoint.Parse(intact.AsSpan(0, length), "c"));
    }
}
