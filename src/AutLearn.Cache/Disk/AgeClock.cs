namespace AutLearn.Cache.Disk;

/// <summary>How much time a store has seen pass: the basis of times to live, because a device's clock may be set, years forward and back.</summary>
/// <remarks>
/// <para>The age never goes back. While the process runs it advances at least by what the monotonic timestamp says. The wall clock adds what
/// that does not see, a device asleep or switched off, as long as it leads by at most <see cref="Bound"/>. A wall clock that is further ahead, or
/// behind by more, has been set: that difference counts as no time at all, and the wall clock is followed from there. One that is behind by less
/// is waited for, so that a clock set to and fro does not count twice.</para>
/// <para>So nothing expires by a clock set forward by years, and nothing lives for ever by one set back; a device that was truly off for longer
/// than the bound keeps its data for that much longer. Not safe for several threads.</para>
/// </remarks>
internal sealed class AgeClock
{
    /// <summary>The longest time without an observation that is believed.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromDays(180);

    private readonly TimeProvider _time;
    private long _timestamp;

    /// <summary>Begins at age zero.</summary>
    public AgeClock(TimeProvider time)
        : this(time, TimeSpan.Zero, time.GetUtcNow())
    {
    }

    /// <summary>Goes on from what was saved.</summary>
    /// <param name="time">The device's clock.</param>
    /// <param name="age">The age then.</param>
    /// <param name="epoch">The wall clock's time at age zero.</param>
    public AgeClock(TimeProvider time, TimeSpan age, DateTimeOffset epoch)
    {
        _time = time;
        _timestamp = time.GetTimestamp();
        Age = age;
        Epoch = epoch;
        Observe();
    }

    /// <summary>Gets the time that has passed, as last observed.</summary>
    public TimeSpan Age { get; private set; }

    /// <summary>Gets what the wall clock in use now would have shown at age zero. With the age, all there is to save.</summary>
    public DateTimeOffset Epoch { get; private set; }

    /// <summary>Looks at the clocks.</summary>
    /// <returns>The time that has passed.</returns>
    public TimeSpan Observe()
    {
        long timestamp = _time.GetTimestamp();
        TimeSpan ran = _time.GetElapsedTime(_timestamp, timestamp);
        _timestamp = timestamp;
        if (ran > TimeSpan.Zero && ran <= Bound)
            Age += ran;
        DateTimeOffset wall = _time.GetUtcNow();
        TimeSpan lead = wall - Epoch - Age;
        if (lead.Duration() > Bound)
            Epoch = Earlier(wall, Age);
        else if (lead > TimeSpan.Zero)
            Age += lead;
        return Age;
    }

    /// <summary>Raises the age to what data written since it was saved prove.</summary>
    public void AtLeast(TimeSpan age)
    {
        if (age <= Age)
            return;
        Age = age;
        DateTimeOffset wall = _time.GetUtcNow();
        if (wall - Epoch < Age)
            Epoch = Earlier(wall, Age);
    }

    // A wall clock near the beginning of time leaves no room for the age.
    private static DateTimeOffset Earlier(DateTimeOffset wall, TimeSpan age) =>
        age < wall - DateTimeOffset.MinValue ? wall - age : DateTimeOffset.MinValue;
}
