using AutLearn.Cache.Disk;
using AutLearn.Testing;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Cache.Tests.Disk;

[Trait("Category", "Fault")]
public sealed class FeatureStoreClockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SetClock _time = new();
    private readonly byte[] _row = new byte[16];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryRead_WallClockSetByYears_LosesNothing()
    {
        int rows = 0;
        foreach (int years in (int[])[0, 5, -5, 10, -56, 56, -10, 1, -1])
        {
            _time.Wall = _time.Wall.AddYears(years);
            using FeatureStore store = Open(_time);
            Assert.True(store.TryAdd(new(rows++, 0), _row, 0));
            for (int id = 0; id < rows; id++)
                Assert.True(store.TryRead(new(id, 0), _row, out _), $"row {id} after {years} years");
            _time.Wall = _time.Wall.AddYears(-years * 2);
            for (int id = 0; id < rows; id++)
                Assert.True(store.TryRead(new(id, 0), _row, out _), $"row {id} with the clock set while the store is open");
            _time.Wall = _time.Wall.AddYears(years * 2);
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-56)]
    [InlineData(0)]
    public void TryRead_RowWrittenWhileTheClockWasWrong_ExpiresAsAnyOther(int years)
    {
        _time.Wall = _time.Wall.AddYears(years);
        using (FeatureStore store = Open(_time))
            store.TryAdd(new(1, 0), _row, 0);
        _time.Wall = _time.Wall.AddYears(-years);
        for (int half = 1; half <= 3; half++)
        {
            // Read after half a time to live, still there after a whole one, gone after that.
            using FeatureStore store = Open(_time);
            Assert.Equal(half <= 2, store.TryRead(new(1, 0), _row, out _));
            Assert.Equal(half <= 2 ? 1 : 0, store.Statistics.Rows);
            _time.Wall += TimeSpan.FromDays(half == 2 ? 6 : 5);
        }
    }

    [Fact]
    public void TryRead_ClockWrongForTheWholeLife_StillExpires()
    {
        using FeatureStore store = Open(_time);
        store.TryAdd(new(1, 0), _row, 0);
        for (int day = 1; day <= 11; day++)
        {
            Assert.True(store.TryRead(new(1, 0), _row, out _), $"day {day}");
            _time.Timestamp += TimeSpan.FromDays(1);
            _time.Wall = DateTimeOffset.UnixEpoch;
        }

        Assert.False(store.TryRead(new(1, 0), _row, out _));
    }

    // Segments from before there was a clock, or whose stamp was never written: rows prove that time has passed.
    [Fact]
    public void Open_WithoutAStamp_KeepsCounting()
    {
        using (FeatureStore store = Open(_time))
            store.TryAdd(new(1, 0), _row, 0);
        _time.Wall = _time.Wall.AddDays(6);
        using (FeatureStore store = Open(_time))
            store.TryAdd(new(2, 0), _row, 0);
        string file = Directory.GetFiles(_folder.Path).Single();
        byte[] bytes = File.ReadAllBytes(file);
        SegmentHeader.WriteStamp(bytes, 0);
        File.WriteAllBytes(file, bytes);
        using (FeatureStore store = Open(_time))
            Assert.Equal(2, store.Statistics.Rows);
        _time.Wall = _time.Wall.AddDays(5);
        using FeatureStore reopened = Open(_time);
        Assert.False(reopened.Contains(new(1, 0)));
        Assert.True(reopened.Contains(new(2, 0)));
        Assert.Equal(1, reopened.Statistics.Evicted);
    }

    [Fact]
    public void Open_AnyBitOfARowFlipped_ExpiresNoOther()
    {
        using (FeatureStore store = Open(_time))
        {
            store.TryAdd(new(1, 0), _row, 0);
            store.TryAdd(new(2, 0), _row, 0);
        }

        string file = Directory.GetFiles(_folder.Path).Single();
        byte[] whole = File.ReadAllBytes(file);
        for (int bit = 64 * 8; bit < (64 + 48) * 8; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(file, flipped);
            using FeatureStore store = Open(_time);
            Assert.True(store.TryRead(new(2, 0), _row, out _), $"bit {bit}");
        }
    }

    // Opened each day and never written: the time must not pass unnoticed once it is more than the clock believes.
    [Fact]
    public void Open_OnlyReadForAYear_StillExpires()
    {
        var life = TimeSpan.FromDays(300);
        using (FeatureStore store = Open(_time, life: life))
            store.TryAdd(new(1, 0), _row, 0);
        for (int day = 0; day <= 301; day += 7)
        {
            using FeatureStore store = Open(_time, life: life);
            Assert.Equal(day <= 300, store.Contains(new(1, 0)));
            _time.Wall = _time.Wall.AddDays(7);
        }
    }

    [Fact]
    public void TryRead_FakeTimeAcrossLives_ExpiresByDaysNotByYears()
    {
        foreach (int years in (int[])[3, -3])
        {
            var time = new FakeTimeProvider(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
            string folder = Path.Combine(_folder.Path, $"{years}");
            using (FeatureStore store = Open(time, folder))
                store.TryAdd(new(1, 0), _row, 0);
            time.AdjustTime(time.GetUtcNow().AddYears(years));
            using (FeatureStore store = Open(time, folder))
                Assert.True(store.TryRead(new(1, 0), _row, out _));
            time.Advance(TimeSpan.FromDays(11));
            using (FeatureStore store = Open(time, folder))
                Assert.False(store.TryRead(new(1, 0), _row, out _));
        }
    }

    private FeatureStore Open(TimeProvider time, string? folder = null, TimeSpan? life = null) => FeatureStore.Open(folder ?? _folder.Path, new()
    {
        RowSizeInBytes = _row.Length,
        SegmentSizeInBytes = 1 << 10,
        TimeToLive = life ?? TimeSpan.FromDays(10),
        TimeProvider = time,
    });
}
