using System.Runtime.InteropServices;
using CsCheck;

namespace AutLearn.Cache.Tests;

[Trait("Category", "Unit")]
public sealed class FeatureCacheTests
{
    private const int FeatureCount = 3;
    private const int ClassCount = 2;

    [Fact]
    public void TryLease_RowsLabelledOutOfOrder_ComeInOrderOfFeedback()
    {
        using FeatureCache cache = Create(rows: 4);
        for (long id = 0; id < 4; id++)
            Assert.True(Add(cache, id, version: 7));
        Assert.Equal(FeedbackResult.Accepted, cache.Label(2, 20));
        Assert.Equal(FeedbackResult.Accepted, cache.Label(0, 10));
        CacheBatch batch = cache.CreateBatch(4);

        Assert.False(cache.TryLease(batch, minimum: 3, currentVersion: 7));
        Assert.True(cache.TryLease(batch, minimum: 2, currentVersion: 7));

        Assert.Equal([2, 0], batch.Ids.ToArray());
        Assert.Equal([20, 10], batch.Labels.ToArray());
        Assert.Equal([.. Features(2), .. Features(0)], batch.Column<float>(0).ToArray());
        Assert.Equal([.. Logits(2), .. Logits(0)], batch.Logits().ToArray());
        Assert.True(batch.HasCurrentLogits);
    }

    [Fact]
    public void TryLease_OneStaleRow_KeepsFeaturesAndLosesLogits()
    {
        using FeatureCache cache = Create(rows: 4);
        Add(cache, 1, version: 1);
        Add(cache, 2, version: 2);
        cache.Label(1, 0);
        cache.Label(2, 1);
        CacheBatch batch = cache.CreateBatch(2);

        Assert.True(cache.TryLease(batch, 2, currentVersion: 2));

        Assert.False(batch.HasCurrentLogits);
        Assert.Equal([.. Features(1), .. Features(2)], batch.Column<float>(0).ToArray());
    }

    [Fact]
    public void TryAdd_Full_OldestUnlabelledLeaves()
    {
        using FeatureCache cache = Create(rows: 3);
        for (long id = 0; id < 3; id++)
            Add(cache, id);
        cache.Label(0, 1);

        Assert.True(Add(cache, 3));

        Assert.Equal(FeedbackResult.Unknown, cache.Label(1, 1));
        Assert.Equal(FeedbackResult.Accepted, cache.Label(2, 1));
        Assert.Equal(1, cache.Statistics.Evicted);
    }

    [Fact]
    public void TryAdd_EveryRowLabelled_IsRejectedAndNothingIsLost()
    {
        using FeatureCache cache = Create(rows: 2);
        for (long id = 0; id < 2; id++)
        {
            Add(cache, id);
            cache.Label(id, 1);
        }

        Assert.False(Add(cache, 2));
        Assert.Equal(2, cache.LabelledRows);
        Assert.Equal(1, cache.Statistics.Rejected);
    }

    [Fact]
    public void Label_Duplicate_ReplacesUntilLeased()
    {
        using FeatureCache cache = Create(rows: 2);
        Add(cache, 5);
        cache.Label(5, 1);
        Assert.Equal(FeedbackResult.Replaced, cache.Label(5, 2));
        CacheBatch batch = cache.CreateBatch(1);
        Assert.True(cache.TryLease(batch, 1, 0));
        Assert.Equal([2L], batch.Labels.ToArray());
        Assert.Equal(FeedbackResult.TooLate, cache.Label(5, 3));
        cache.Complete(batch);
        Assert.Equal(FeedbackResult.Unknown, cache.Label(5, 3));
    }

    [Fact]
    public void Return_FailedStep_RowsAreFirstInLineAgain()
    {
        using FeatureCache cache = Create(rows: 4);
        for (long id = 0; id < 4; id++)
        {
            Add(cache, id);
            cache.Label(id, id);
        }

        CacheBatch batch = cache.CreateBatch(2);
        cache.TryLease(batch, 2, 0);
        cache.Return(batch);
        CacheBatch again = cache.CreateBatch(4);

        Assert.True(cache.TryLease(again, 4, 0));
        Assert.Equal([0L, 1, 2, 3], again.Ids.ToArray());
    }

    [Fact]
    public void Invalidate_OtherBackbone_DropsEveryRow()
    {
        using FeatureCache cache = Create(rows: 3);
        Add(cache, 1);
        Add(cache, 2);
        cache.Label(2, 0);

        Assert.Equal(0, cache.Invalidate("backbone"));
        Assert.Equal(2, cache.Invalidate("another"));
        Assert.Equal(FeedbackResult.Unknown, cache.Label(1, 0));
        Assert.Equal(0, cache.LabelledRows);
    }

    [Fact]
    public void WarmCalls_AllocateNothing()
    {
        using FeatureCache cache = Create(rows: 8);
        CacheBatch batch = cache.CreateBatch(4);
        byte[] features = Bytes(Features(1));
        byte[] logits = Bytes(Logits(1));
        for (int warm = 0; warm < 2; warm++)
            Cycle(cache, batch, features, logits, warm * 1000);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Cycle(cache, batch, features, logits, 5000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AnySequence_AgreesWithAPlainModel()
    {
        // Each number encodes one call; the model is a list of rows that the cache must mirror.
        Gen.Int[0, 9999].Array[0, 120].Sample(
            calls =>
            {
                using FeatureCache cache = Create(rows: 5);
                CacheBatch batch = cache.CreateBatch(3);
                var unlabelled = new List<long>();
                var labelled = new List<(long Id, long Label)>();
                long next = 0;
                foreach (int call in calls)
                {
                    long id = call % 13;
                    switch (call / 2500)
                    {
                        case 0:
                            bool fits = unlabelled.Count + labelled.Count < 5 || unlabelled.Count > 0;
                            if (unlabelled.Count + labelled.Count == 5 && unlabelled.Count > 0)
                                unlabelled.RemoveAt(0);
                            Assert.Equal(fits, Add(cache, next));
                            if (fits)
                                unlabelled.Add(next);
                            next++;
                            break;
                        case 1:
                            FeedbackResult expected = unlabelled.Remove(id) ? FeedbackResult.Accepted
                                : labelled.Any(r => r.Id == id) ? FeedbackResult.Replaced : FeedbackResult.Unknown;
                            Assert.Equal(expected, cache.Label(id, call));
                            if (expected == FeedbackResult.Accepted)
                                labelled.Add((id, call));
                            else if (expected == FeedbackResult.Replaced)
                                labelled[labelled.FindIndex(r => r.Id == id)] = (id, call);
                            break;
                        case 2:
                            bool leased = cache.TryLease(batch, 2, 0);
                            Assert.Equal(labelled.Count >= 2, leased);
                            int count = Math.Min(3, labelled.Count);
                            Assert.Equal(leased ? labelled.Take(count).Select(r => r.Label) : [], batch.Labels.ToArray());
                            if (leased && call % 2 == 0)
                                labelled.RemoveRange(0, count);
                            if (call % 2 == 0)
                                cache.Complete(batch);
                            else
                                cache.Return(batch);
                            break;
                        default:
                            Assert.Equal(unlabelled.Remove(id) || labelled.RemoveAll(r => r.Id == id) > 0, cache.Remove(id));
                            break;
                    }

                    Assert.Equal(labelled.Count, cache.LabelledRows);
                    Assert.Equal(unlabelled.Count, cache.Statistics.UnlabelledRows);
                }
            },
            iter: 2000);
    }

    [Fact]
    public async Task ParallelUse_KeepsEveryLabelledRow()
    {
        using FeatureCache cache = Create(rows: 64);
        const long total = 20_000;
        long trained = 0;
        long accepted = 0;
        bool done = false;
        Task producer = Task.Run(() =>
        {
            for (long id = 0; id < total; id++)
            {
                while (!Add(cache, id))
                    Thread.Yield();
                if (cache.Label(id, id) == FeedbackResult.Accepted)
                    accepted++;
            }

            Volatile.Write(ref done, true);
        });
        Task consumer = Task.Run(() =>
        {
            CacheBatch batch = cache.CreateBatch(16);
            long last = -1;
            while (true)
            {
                bool finished = Volatile.Read(ref done);
                if (cache.TryLease(batch, 1, 0))
                {
                    for (int row = 0; row < batch.Count; row++)
                    {
                        Assert.Equal(++last, batch.Labels[row]);
                        Assert.Equal(Features(last), batch.Column<float>(0).Slice(row * FeatureCount, FeatureCount).ToArray());
                    }

                    trained += batch.Count;
                    cache.Complete(batch);
                }
                else if (finished)
                {
                    return;
                }
            }
        });
        await Task.WhenAll(producer, consumer);
        Assert.Equal(total, accepted);
        Assert.Equal(total, trained);
    }

    [Fact]
    public void Dispose_Twice_ThenUse_Throws()
    {
        FeatureCache cache = Create(rows: 1);
        cache.Dispose();
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Label(1, 1));
    }

    private static void Cycle(FeatureCache cache, CacheBatch batch, byte[] features, byte[] logits, long first)
    {
        for (long id = first; id < first + 100; id++)
        {
            cache.TryAdd(id, features, logits, 0);
            cache.Label(id, 1);
            if (cache.TryLease(batch, 4, 0))
                cache.Complete(batch);
        }
    }

    private static FeatureCache Create(int rows) => new(new FeatureCacheOptions
    {
        Columns = [new CacheColumn("features", FeatureCount * sizeof(float))],
        LogitsSizeInBytes = ClassCount * sizeof(float),
        CapacityInBytes = rows * (FeatureCount + ClassCount) * sizeof(float),
        BackboneKey = "backbone",
    });

    private static bool Add(FeatureCache cache, long id, long version = 0) =>
        cache.TryAdd(id, Bytes(Features(id)), Bytes(Logits(id)), version);

    private static float[] Features(long id) => [id, id + 0.25f, id + 0.5f];

    private static float[] Logits(long id) => [-id, id];

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
