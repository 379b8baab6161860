using AutLearn.Runtime.Stores.Samples;
using AutLearn.Testing;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Stores.Samples;

/// <summary>The wall clock is set years forward and back, by a user, a dead battery or a network.</summary>
[Trait("Category", "Fault")]
public sealed class SampleStoreClockTests : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(90);
    private readonly SampleFolder _folder = new();
    private readonly SetClock _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WallClockSetByYears_LosesNothing()
    {
        int samples = 0;
        foreach (int years in (int[])[0, 5, -5, 10, -56, 56, -10, 1, -1])
        {
            _time.Wall = _time.Wall.AddYears(years);
            using SampleStore store = Open();
            store.Add(Typed(samples++));
            Assert.Equal(samples, store.List().Count);
            _time.Wall = _time.Wall.AddYears(30);
            Assert.Equal(samples, store.List().Count);
            Assert.Equal(0, store.RemoveExpired());
            _time.Wall = _time.Wall.AddYears(-30);
        }

        // In the order in which they came, whatever the clock showed.
        using SampleStore last = Open();
        Assert.Equal(Enumerable.Range(0, samples).Select(i => $"{i}"), last.List().Select(s => s.Source));
        Assert.Equal([$"{samples - 1}"], last.Split(1d / samples).HoldOut.Select(s => s.Source));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-56)]
    [InlineData(0)]
    public void Open_SampleAddedWhileTheClockWasWrong_ExpiresAsAnyOther(int years)
    {
        _time.Wall = _time.Wall.AddYears(years);
        using (SampleStore store = Open())
            store.Add(Typed(1));
        _time.Wall = _time.Wall.AddYears(-years);
        for (int third = 0; third <= 3; third++)
        {
            using SampleStore store = Open();
            Assert.Equal(third < 3 ? 1 : 0, store.List().Count);
            _time.Wall += Life / 3;
        }
    }

    [Fact]
    public void List_ClockWrongForTheWholeLife_StillExpires()
    {
        using SampleStore store = Open();
        store.Add(Typed(1));
        for (int day = 0; day < Life.TotalDays; day++)
        {
            Assert.Single(store.List());
            _time.Timestamp += TimeSpan.FromDays(1);
            _time.Wall = day % 2 == 0 ? DateTimeOffset.UnixEpoch : new(2060, 1, 1, 0, 0, 0, TimeSpan.Zero);
        }

        Assert.Empty(store.List());
    }

    // Opened now and then and never written: the time must not pass unnoticed once it is more than the clock believes.
    [Fact]
    public void Open_OnlyReadForTwoYears_StillExpires()
    {
        var life = TimeSpan.FromDays(700);
        using (SampleStore store = Open(new() { TimeToLive = life }))
            store.Add(Typed(1));
        for (int day = 0; day <= 721; day += 30)
        {
            using SampleStore store = Open(new() { TimeToLive = life });
            Assert.Equal(day < 700 ? 1 : 0, store.List().Count);
            _time.Wall = _time.Wall.AddDays(30);
        }
    }

    [Theory]
    [InlineData(-56)]
    [InlineData(40)]
    public void Add_StoreFullAndClockWrong_EvictsWhatCameFirst(int years)
    {
        var options = new SampleStoreOptions { SampleQuota = 4 };
        using (SampleStore store = Open(options))
        {
            for (int i = 0; i < 3; i++)
                store.Add(Typed(i));
        }

        _time.Wall = _time.Wall.AddYears(years);
        using (SampleStore store = Open(options))
        {
            for (int i = 3; i < 6; i++)
                store.Add(Typed(i));
            Assert.Equal(["2", "3", "4", "5"], store.List().Select(s => s.Source));
        }

        _time.Wall = _time.Wall.AddYears(-years);
        using SampleStore again = Open(options);
        for (int i = 6; i < 9; i++)
            again.Add(Typed(i));
        Assert.Equal(["5", "6", "7", "8"], again.List().Select(s => s.Source));
    }

    [Fact]
    public void Add_TimesOfTheApp_OrderByWhenSamplesArose()
    {
        using SampleStore store = Open(new() { SampleQuota = 3 });
        foreach (int days in (int[])[-3, -400, -1, -2])
            store.Add(Typed(days) with { Time = _time.Wall.AddDays(days) });
        Assert.Equal(["-3", "-2", "-1"], store.List().Select(s => s.Source));

        // A time years ahead was read from a clock that is right again by now.
        store.Add(Typed(0) with { Time = _time.Wall.AddYears(9) });
        store.Add(Typed(1) with { Time = _time.Wall.AddDays(1) });
        Assert.Equal(["-1", "0", "1"], store.List().Select(s => s.Source));
    }

    [Fact]
    public void Open_FakeTimeAcrossLives_ExpiresByDaysNotByYears()
    {
        foreach (int years in (int[])[3, -3])
        {
            var time = new FakeTimeProvider(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
            string folder = _folder.File($"{years}", "x")[..^2];
            var options = new SampleStoreOptions { TimeToLive = Life };
            using (SampleStore store = SampleStore.Open(folder, _folder.Protector, options, time))
                store.Add(Typed(1));
            time.AdjustTime(time.GetUtcNow().AddYears(years));
            using (SampleStore store = SampleStore.Open(folder, _folder.Protector, options, time))
                Assert.Single(store.List());
            time.Advance(Life);
            using (SampleStore store = SampleStore.Open(folder, _folder.Protector, options, time))
                Assert.Empty(store.List());
        }
    }

    [Fact]
    public void Add_DaysToLiveAtTheEndOfTime_NeverOverflow()
    {
        foreach (DateTimeOffset wall in (DateTimeOffset[])[DateTimeOffset.MaxValue, DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch])
        {
            _time.Wall = wall;
            using SampleStore store = Open();
            foreach (TimeSpan life in (TimeSpan[])[TimeSpan.MaxValue, TimeSpan.FromDays(1), TimeSpan.FromTicks(1)])
                store.Add(Typed(1) with { TimeToLive = life });
            foreach (DateTimeOffset time in (DateTimeOffset[])[DateTimeOffset.MaxValue, DateTimeOffset.MinValue])
                store.Add(Typed(1) with { Time = time });
            Assert.NotEmpty(store.List());
        }
    }

    [Fact]
    public void Decode_FactsFromBeforeThereWasAClock_CountFromTheWallClock()
    {
        DateTimeOffset epoch = _time.Wall;
        var sample = new StoredSample(7, 1, "Zoë", epoch.AddDays(-2), SampleConsent.Given, epoch.AddDays(5), 40, 99);
        byte[] bytes = SampleFacts.Encode(sample);
        byte[] older = [1, .. bytes[1..38], .. bytes[54..]];
        StoredSample read = SampleFacts.Decode(7, older, epoch)!;
        Assert.Equal(sample, read);
        Assert.Equal((TimeSpan.FromDays(-2), TimeSpan.FromDays(5)), (read.Arose, read.Leaves));
        Assert.Null(SampleFacts.Decode(7, bytes.AsSpan(..53), epoch));
        Assert.Null(SampleFacts.Decode(7, [3, .. bytes[1..]], epoch));
    }

    private static NewSample Typed(int number) => new() { Payload = SampleFolder.Payload(number), Source = $"{number}", Label = 1, Consent = SampleConsent.Given };

    private SampleStore Open(SampleStoreOptions? options = null) =>
        SampleStore.Open(_folder.Path, _folder.Protector, options ?? new SampleStoreOptions { TimeToLive = Life }, _time);
}
