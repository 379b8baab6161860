namespace AutLearn.Testing;

/// <summary>A device's two clocks: a wall clock that anyone may set, and a monotonic one that nobody can.</summary>
public sealed class SetClock : TimeProvider
{
    /// <summary>Gets or sets what the wall clock shows.</summary>
    public DateTimeOffset Wall { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Gets or sets how long the device has run.</summary>
    public TimeSpan Timestamp { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Wall;

    public override long GetTimestamp() => Timestamp.Ticks;

    /// <summary>Lets time pass while the device runs.</summary>
    public void Run(TimeSpan time)
    {
        Wall += time;
        Timestamp += time;
    }
}
