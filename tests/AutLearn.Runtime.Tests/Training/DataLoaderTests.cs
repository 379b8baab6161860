using AutLearn.Graph;
using AutLearn.Runtime.Training;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Tests.Training;

[Trait("Category", "Unit")]
public sealed class DataLoaderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadEpoch_Shuffled_VisitsEachRowOnceInAnOrderOfSeedAndEpoch(bool isStream)
    {
        var source = new RowSource(43);
        List<int[]> first = await Read(source, isStream, 1);
        Assert.Equal(Enumerable.Range(0, 43), first.SelectMany(b => b).Order());
        Assert.Equal([8, 8, 8, 8, 8, 3], first.Select(b => b.Length));
        Assert.NotEqual(Enumerable.Range(0, 43), first.SelectMany(b => b));
        Assert.Equal(first, await Read(source, isStream, 1));
        Assert.NotEqual(first, await Read(source, isStream, 2));
        Assert.NotEqual(first, await Read(source, isStream, 1, new() { BatchSize = 8, Seed = 2 }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadEpoch_FromABatch_GoesOnAsTheWholeEpochDoes(bool isStream)
    {
        var source = new RowSource(43) { Buckets = 3 };
        List<int[]> all = await Read(source, isStream, 3);
        for (int first = 0; first <= all.Count; first++)
            Assert.Equal(all.Skip(first), await Read(source, isStream, 3, firstBatch: first));
    }

    [Fact]
    public async Task ReadEpoch_FromABatchOfAnIndexedSource_ReadsNoSkippedRow()
    {
        var source = new RowSource(40);
        await Read(source, isStream: false, 1, firstBatch: 4);
        Assert.Equal(8, source.Reads);
    }

    [Fact]
    public async Task ReadEpoch_Buckets_ShareABatchWithNoOther()
    {
        var source = new RowSource(43) { Buckets = 3 };
        List<int[]> batches = await Read(source, isStream: false, 1);
        Assert.All(batches, b => Assert.Single(b.Select(i => i % 3).Distinct()));
        Assert.Equal(Enumerable.Range(0, 43), batches.SelectMany(b => b).Order());
        Assert.Equal(new DataLoader(source, new() { BatchSize = 8 }).BatchCount, batches.Count);
    }

    [Fact]
    public async Task ReadEpoch_SequentialAndDropped_KeepsOrderAndFullBatches()
    {
        var source = new RowSource(20);
        List<int[]> batches = await Read(source, isStream: false, 1, new() { BatchSize = 8, Order = SampleOrder.Sequential, LastBatch = LastBatch.Drop });
        Assert.Equal([.. Enumerable.Range(0, 16)], batches.SelectMany(b => b));
        Assert.Equal(2, new DataLoader(source, new() { BatchSize = 8, LastBatch = LastBatch.Drop }).BatchCount);
    }

    [Fact]
    public async Task ReadEpoch_DamagedRow_SurfacesWhatTheSourceThrew()
    {
        var loader = new DataLoader(new RowSource(20) { FailsAt = 12 }, new() { BatchSize = 4, Order = SampleOrder.Sequential });
        int read = 0;
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (TrainingBatch batch in loader.ReadEpochAsync(1))
                read++;
        });
        Assert.Equal(3, read);
    }

    [Fact]
    public async Task ReadEpoch_LeftEarly_ReadsNotMuchFurther()
    {
        var source = new RowSource(400);
        var loader = new DataLoader(source, new() { BatchSize = 4, Prefetch = 3 });
        await foreach (TrainingBatch batch in loader.ReadEpochAsync(1))
            break;
        Assert.InRange(source.Reads, 4, 24);
    }

    [Fact]
    public async Task ReadEpoch_RowsOfDifferentShape_SayWhatToDo()
    {
        static async IAsyncEnumerable<TrainingSample> Rows()
        {
            await Task.Yield();
            yield return new([Tensor.Vector(1f, 2f)], Tensor.Scalar(0L));
            yield return new([Tensor.Vector(1f)], Tensor.Scalar(0L));
        }

        var loader = new DataLoader(_ => Rows(), new() { Order = SampleOrder.Sequential });
        AutLearnException error = await Assert.ThrowsAsync<AutLearnException>(async () =>
        {
            await foreach (TrainingBatch batch in loader.ReadEpochAsync(1))
                batch.Dispose();
        });
        Assert.Contains("Pad the rows", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_OptionOutOfRange_IsRefused() =>
        Assert.Throws<OptionsValidationException>(() => new DataLoader(new RowSource(3), new() { BatchSize = 0 }));

    private static async Task<List<int[]>> Read(RowSource source, bool isStream, int epoch, DataLoaderOptions? options = null, int firstBatch = 0)
    {
        options ??= new() { BatchSize = 8, ShuffleWindow = 16 };
        DataLoader loader = isStream
            ? new(source.Stream, options, s => Array.FindIndex(Enumerable.Range(0, source.Count).ToArray(), i => source.Read(i, 1).Inputs[0].Span<float>()[0] == s.Inputs[0].Span<float>()[0]) % source.Buckets)
            : new(source, options);
        var batches = new List<int[]>();
        await foreach (TrainingBatch batch in loader.ReadEpochAsync(epoch, firstBatch))
        {
            using (batch)
            {
                Assert.Equal(firstBatch + batches.Count, batch.Index);
                batches.Add([.. Enumerable.Range(0, batch.Rows).Select(r => source.RowIn(batch, r))]);
            }
        }

        return batches;
    }
}
