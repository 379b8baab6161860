namespace AutLearn.Cache.Disk;

/// <summary>An <see cref="AgeClock"/> in eight bytes, for the header of a file: the age in whole seconds, and the wall clock's minute at age zero.</summary>
/// <remarks>Both are rounded so that a clock that is saved and opened again is late by at most a minute, once, and never early.</remarks>
internal static class AgeStamp
{
    private const int MinuteBits = 31;
    private const long Minutes = (1L << MinuteBits) - 1;

    /// <summary>An age that no device reaches; more is not believed.</summary>
    public static readonly TimeSpan Oldest = TimeSpan.FromSeconds((1L << (63 - MinuteBits)) - 1);

    public static long Of(AgeClock clock)
    {
        long seconds = Math.Min(clock.Age.Ticks, Oldest.Ticks) / TimeSpan.TicksPerSecond;
        long minute = Math.Min((clock.Epoch.UtcTicks + TimeSpan.TicksPerMinute - 1) / TimeSpan.TicksPerMinute, Minutes);
        return (seconds << MinuteBits) | minute;
    }

    /// <summary>Goes on from the stamp with the highest age; null where there is none.</summary>
    public static AgeClock Open(long? stamp, TimeProvider time) => stamp is > 0 and { } saved
        ? new(time, TimeSpan.FromSeconds(saved >> MinuteBits), new((saved & Minutes) * TimeSpan.TicksPerMinute, TimeSpan.Zero))
        : new(time);
}
