using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;
using AutLearn.Testing;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Cache.Tests.Disk;

[Trait("Category", "Fault")]
public sealed class FeatureStoreTests : IDisposable
{
    private const int RowSize = 40;
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _links = new();

    public void Dispose()
    {
        _folder.Dispose();
        _links.Dispose();
    }

    [Fact]
    public void TryRead_AfterReopening_GivesEveryRowBack()
    {
        using (FeatureStore store = Open())
        {
            for (int id = 0; id < 100; id++)
            {
                Assert.True(store.TryAdd(new(id, 0), Row(id), id + 7));
                Assert.True(store.TryAdd(new(id, 1), Row(1000 + id), id + 7));
            }
        }

        using FeatureStore reopened = Open();
        byte[] row = new byte[RowSize];
        for (int id = 0; id < 100; id++)
        {
            Assert.True(reopened.TryRead(new(id, 0), row, out long label));
            Assert.Equal(Row(id), row);
            Assert.Equal(id + 7, label);
            Assert.True(reopened.TryRead(new(id, 1), row, out _));
            Assert.Equal(Row(1000 + id), row);
        }

        Assert.False(reopened.TryRead(new(100, 0), row, out _));
        Assert.Equal((200, 200L, 1L), (reopened.Statistics.Rows, reopened.Statistics.Hits, reopened.Statistics.Misses));
    }

    [Fact]
    public void TryAdd_SameKey_ReplacesTheRow()
    {
        using FeatureStore store = Open();
        store.TryAdd(new(1, 0), Row(1), 1);
        store.TryAdd(new(1, 0), Row(2), 5);
        byte[] row = new byte[RowSize];
        Assert.True(store.TryRead(new(1, 0), row, out long label));
        Assert.Equal(Row(2), row);
        Assert.Equal(5, label);
        Assert.Equal(1, store.Statistics.Rows);
    }

    [Fact]
    public void TryAdd_PastTheQuota_DropsTheOldestSegmentAndStaysBelow()
    {
        var options = Options();
        options.SegmentSizeInBytes = 64 + (72 * 10);
        options.QuotaInBytes = 3 * options.SegmentSizeInBytes;
        using FeatureStore store = FeatureStore.Open(_folder.Path, options);
        for (int id = 0; id < 95; id++)
            store.TryAdd(new(id, 0), Row(id), 0);
        FeatureStoreStatistics statistics = store.Statistics;
        Assert.Equal(3, statistics.Segments);
        Assert.True(statistics.SizeInBytes <= options.QuotaInBytes);
        Assert.Equal(95, statistics.Rows + statistics.Evicted);
        Assert.True(store.Contains(new(94, 0)));
        Assert.False(store.Contains(new(0, 0)));
        Assert.Equal(3, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void TryRead_PastItsTimeToLive_IsAMiss()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        FeatureStoreOptions options = Options();
        options.TimeProvider = clock;
        options.TimeToLive = TimeSpan.FromHours(1);
        using FeatureStore store = FeatureStore.Open(_folder.Path, options);
        store.TryAdd(new(1, 0), Row(1), 0);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.True(store.TryRead(new(1, 0), new byte[RowSize], out _));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(store.TryRead(new(1, 0), new byte[RowSize], out _));
        Assert.Equal(0, store.Statistics.Rows);
    }

    [Fact]
    public void Open_WithAnotherBackbone_DropsEveryRow()
    {
        using (FeatureStore store = Open())
            store.TryAdd(new(1, 0), Row(1), 0);
        FeatureStoreOptions options = Options();
        options.BackboneKey = "another";
        using FeatureStore reopened = FeatureStore.Open(_folder.Path, options);
        Assert.Equal((0, 1L), (reopened.Statistics.Rows, reopened.Statistics.Invalidated));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Remove_Sample_LeavesNoByteOfItOnDisk()
    {
        byte[] secret = [.. Enumerable.Repeat((byte)0xC5, RowSize)];
        using (FeatureStore store = Open())
        {
            store.TryAdd(new(1, 0), secret, 0);
            store.TryAdd(new(1, 1), secret, 0);
            store.TryAdd(new(2, 0), Row(2), 0);
            Assert.Equal(2, store.Remove(1));
            Assert.Equal(1, store.Statistics.Rows);
        }

        Assert.All(Directory.GetFiles(_folder.Path), f => Assert.Equal(-1, File.ReadAllBytes(f).AsSpan().IndexOf(secret.AsSpan(0, 8))));
    }

    [Fact]
    public void Float16_RoundsToElevenBitsAndRefusesWhatOverflows()
    {
        FeatureStoreOptions options = Options();
        options.Format = RowFormat.Float16;
        using FeatureStore store = FeatureStore.Open(_folder.Path, options);
        float[] values = [0f, -1.5f, 0.1f, 65504f, 1e-4f, 3.14159f, -2f, 100.7f, 1e-8f, 7f];
        Assert.True(store.TryAdd(new(1, 0), MemoryMarshal.AsBytes(values.AsSpan()), 3));
        float[] read = new float[values.Length];
        Assert.True(store.TryRead(new(1, 0), MemoryMarshal.AsBytes(read.AsSpan()), out _));
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(values[i] - read[i]) <= Math.Max(Math.Abs(values[i]) / 2048, 3.1e-8), $"{values[i]} became {read[i]}");
        values[3] = 70_000f;
        Assert.False(store.TryAdd(new(2, 0), MemoryMarshal.AsBytes(values.AsSpan()), 3));
        Assert.False(store.Contains(new(2, 0)));
    }

    // Every single bit of the file flipped in turn: what is read is what was written, or a miss.
    [Theory]
    [InlineData(false, 72)]
    [InlineData(true, 104)]
    public void TryRead_AfterAnyBitFlip_IsTheRowOrAMiss(bool isEncrypted, int slot)
    {
        var options = Options();
        options.KeySource = isEncrypted ? () => KeyOf(1) : null;
        options.SegmentSizeInBytes = 64 + (slot * 2);
        using (FeatureStore store = FeatureStore.Open(_folder.Path, options))
        {
            store.TryAdd(new(5, 0), Row(5), 50);
            store.TryAdd(new(6, 2), Row(6), 60);
        }

        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        byte[] intact = File.ReadAllBytes(file);
        byte[] row = new byte[RowSize];
        int misses = 0;
        for (int bit = 0; bit < intact.Length * 8; bit++)
        {
            byte[] damaged = [.. intact];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(file, damaged);
            using FeatureStore store = FeatureStore.Open(_folder.Path, options);
            foreach ((FeatureKey key, int seed) in new[] { (new FeatureKey(5, 0), 5), (new FeatureKey(6, 2), 6) })
            {
                if (store.TryRead(key, row, out long label))
                    Assert.True(Row(seed).AsSpan().SequenceEqual(row) && label == seed * 10, $"bit {bit} changed a row unnoticed");
                else
                    misses++;
            }
        }

        // A flip in the header loses both rows, one in a row loses that row.
        Assert.Equal((64 * 8 * 2) + (2 * slot * 8), misses);
    }

    [Fact]
    public void Open_AfterAnyTruncation_NeverFails()
    {
        var options = Options();
        options.SegmentSizeInBytes = 64 + (72 * 2);
        using (FeatureStore store = FeatureStore.Open(_folder.Path, options))
            store.TryAdd(new(5, 0), Row(5), 50);
        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        byte[] intact = File.ReadAllBytes(file);
        for (int length = 0; length < intact.Length; length++)
        {
            File.WriteAllBytes(file, intact[..length]);
            using FeatureStore store = FeatureStore.Open(_folder.Path, options);
            Assert.Equal((0, 1L), (store.Statistics.Rows, store.Statistics.Damaged));
            Assert.True(store.TryAdd(new(5, 0), Row(5), 50));
            store.Clear();
        }
    }

    [Fact]
    public void Open_Twice_IsRefused()
    {
        using FeatureStore store = Open();
        store.TryAdd(new(1, 0), Row(1), 0);
        Assert.Throws<FolderInUseException>(Open);
    }

    [Fact]
    public void Files_WithAKey_ShowNeitherFeaturesNorLabels()
    {
        byte[] label = BitConverter.GetBytes(0x1122_3344_5566_7788L);
        foreach (bool isEncrypted in (bool[])[false, true])
        {
            var options = Options();
            options.KeySource = isEncrypted ? () => KeyOf(1) : null;
            using (FeatureStore store = FeatureStore.Open(_folder.Path, options))
                store.TryAdd(new(5, 0), Row(5), BitConverter.ToInt64(label));
            byte[] file = File.ReadAllBytes(Assert.Single(Directory.GetFiles(_folder.Path)));
            foreach (byte[] needle in (byte[][])[Row(5)[..8], Row(5)[^8..], label])
                Assert.Equal(!isEncrypted, file.AsSpan().IndexOf(needle) >= 0);
        }
    }

    [Fact]
    public void Open_WithAnotherKeyOrNone_DropsTheRowsAndOverwritesThem()
    {
        Func<byte[]>?[] keys = [null, () => KeyOf(1), () => KeyOf(2), null];
        string? link = null;
        foreach (Func<byte[]>? key in keys)
        {
            var options = Options();
            options.KeySource = key;
            using (FeatureStore store = FeatureStore.Open(_folder.Path, options))
            {
                Assert.Equal((0, link is null ? 0L : 1L), (store.Statistics.Rows, store.Statistics.Invalidated));
                store.TryAdd(new(5, 0), Row(5), 1);
            }

            using (FeatureStore again = FeatureStore.Open(_folder.Path, options))
                Assert.True(again.TryRead(new(5, 0), new byte[RowSize], out _));
            if (link is not null)
                Assert.True(File.ReadAllBytes(link).AsSpan().IndexOfAnyExcept((byte)0) < 0);
            link = LinkToTheOnlyFile();
        }
    }

    [Fact]
    public void Clear_WithAKey_OverwritesTheFilesAndAsksForTheKeyAnew()
    {
        int key = 1;
        var options = Options();
        options.KeySource = () => KeyOf(key);
        using (FeatureStore store = FeatureStore.Open(_folder.Path, options))
        {
            store.TryAdd(new(5, 0), Row(5), 1);
            string link = LinkToTheOnlyFile();
            key = 2;
            store.Clear();
            Assert.True(File.ReadAllBytes(link).AsSpan().IndexOfAnyExcept((byte)0) < 0);
            store.TryAdd(new(6, 0), Row(6), 2);
        }

        using FeatureStore reopened = FeatureStore.Open(_folder.Path, options);
        Assert.True(reopened.TryRead(new(6, 0), new byte[RowSize], out long label));
        Assert.Equal(2, label);
        options.KeySource = () => new byte[31];
        Assert.Throws<ArgumentException>(() => FeatureStore.Open(_folder.File("other", "x")[..^2], options));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Operations_Random_AgreeWithADictionary(bool isEncrypted)
    {
        const int Seed = 20261123;
        FeatureStore Open()
        {
            FeatureStoreOptions options = Options();
            options.KeySource = isEncrypted ? () => KeyOf(1) : null;
            return FeatureStore.Open(_folder.Path, options);
        }

        var random = new Random(Seed);
        var expected = new Dictionary<FeatureKey, (int Row, long Label)>();
        FeatureStore store = Open();
        byte[] row = new byte[RowSize];
        for (int i = 0; i < 4000; i++)
        {
            var key = new FeatureKey(random.Next(40), random.Next(2));
            switch (random.Next(10))
            {
                case < 5:
                    int seed = random.Next();
                    store.TryAdd(key, Row(seed), seed);
                    expected[key] = (seed, seed);
                    break;
                case < 8:
                    bool found = store.TryRead(key, row, out long label);
                    Assert.True(found == expected.TryGetValue(key, out (int Row, long Label) value), $"seed {Seed}, operation {i}");
                    if (found)
                        Assert.True(Row(value.Row).AsSpan().SequenceEqual(row) && value.Label == label, $"seed {Seed}, operation {i}");
                    break;
                case 8:
                    store.Remove(key.SampleId);
                    expected.Remove(new(key.SampleId, 0));
                    expected.Remove(new(key.SampleId, 1));
                    break;
                default:
                    store.Dispose();
                    store = Open();
                    break;
            }
        }

        Assert.Equal(expected.Count, store.Statistics.Rows);
        store.Dispose();
    }

    private static byte[] Row(int seed)
    {
        byte[] row = new byte[RowSize];
        new Random(seed).NextBytes(row);
        return row;
    }

    private static byte[] KeyOf(int seed) => [.. Enumerable.Repeat((byte)seed, 32)];

    // Another name of the same blocks shows whether they were overwritten.
    private string LinkToTheOnlyFile()
    {
        string link = Path.Combine(_links.Path, Guid.NewGuid().ToString("N"));
        HardLink.Create(link, Assert.Single(Directory.GetFiles(_folder.Path)));
        return link;
    }

    private static FeatureStoreOptions Options() => new() { RowSizeInBytes = RowSize, SegmentSizeInBytes = 4096, BackboneKey = "backbone" };

    private FeatureStore Open() => FeatureStore.Open(_folder.Path, Options());
}
