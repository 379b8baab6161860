using AutLearn.Cache.Disk;
using AutLearn.Testing;

namespace AutLearn.Cache.Tests.Disk;

[Trait("Category", "Unit")]
public sealed class AgeClockTests
{
    private readonly SetClock _time = new();

    [Fact]
    public void Observe_WallClockSetByYears_CountsNoTime()
    {
        var clock = new AgeClock(_time);
        foreach (int years in (int[])[5, -3, 1, 40, -56, 56, -1])
        {
            _time.Wall = _time.Wall.AddYears(years);
            Assert.Equal(TimeSpan.Zero, clock.Observe());
        }
    }

    [Fact]
    public void Observe_AfterTheWallClockWasSet_GoesOnFromThere()
    {
        var clock = new AgeClock(_time);
        foreach (int years in (int[])[5, -40, 35])
        {
            _time.Wall = _time.Wall.AddYears(years);
            TimeSpan before = clock.Observe();
            _time.Wall = _time.Wall.AddDays(1);
            Assert.Equal(before + TimeSpan.FromDays(1), clock.Observe());
        }
    }

    [Fact]
    public void Observe_ProcessRuns_CountsWhateverTheWallClockSays()
    {
        var clock = new AgeClock(_time);
        for (int day = 1; day <= 400; day++)
        {
            _time.Timestamp += TimeSpan.FromDays(1);
            _time.Wall = _time.Wall.AddYears(day % 2 == 0 ? 20 : -20);
            Assert.Equal(TimeSpan.FromDays(day), clock.Observe());
        }
    }

    [Fact]
    public void Observe_DeviceAsleep_CountsByTheWallClock()
    {
        var clock = new AgeClock(_time);
        _time.Wall = _time.Wall.AddDays(3);
        _time.Timestamp += TimeSpan.FromHours(1);
        Assert.Equal(TimeSpan.FromDays(3), clock.Observe());
    }

    // Two systems on one machine, or a traveller: what was counted while the clock was ahead does not count again.
    [Fact]
    public void Observe_WallClockToAndFro_CountsOnce()
    {
        var clock = new AgeClock(_time);
        for (int day = 1; day <= 30; day++)
        {
            _time.Wall = _time.Wall.AddHours(8);
            clock.Observe();
            _time.Wall = _time.Wall.AddHours(-8).AddDays(1);
            clock.Observe();
        }

        Assert.InRange(clock.Age, TimeSpan.FromDays(30), TimeSpan.FromDays(30) + TimeSpan.FromHours(8));
    }

    [Fact]
    public void Observe_ALaterLife_GoesOnFromWhatWasSaved()
    {
        var clock = new AgeClock(_time);
        _time.Wall = _time.Wall.AddDays(7);
        clock.Observe();
        _time.Timestamp = TimeSpan.Zero;
        _time.Wall = _time.Wall.AddDays(7);
        Assert.Equal(TimeSpan.FromDays(14), new AgeClock(_time, clock.Age, clock.Epoch).Age);
        _time.Wall = _time.Wall.AddYears(3);
        Assert.Equal(TimeSpan.FromDays(7), new AgeClock(_time, clock.Age, clock.Epoch).Age);
        _time.Wall = DateTimeOffset.UnixEpoch;
        Assert.Equal(TimeSpan.FromDays(7), new AgeClock(_time, clock.Age, clock.Epoch).Age);
        _time.Wall = DateTimeOffset.MinValue;
        Assert.Equal(TimeSpan.FromDays(7), new AgeClock(_time, clock.Age, clock.Epoch).Age);
        _time.Wall = DateTimeOffset.MaxValue;
        Assert.Equal(TimeSpan.FromDays(7), new AgeClock(_time, clock.Age, clock.Epoch).Age);
    }
}
