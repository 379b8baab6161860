namespace AutLearn.Runtime.Scheduling;

/// <summary>Waits and rests by timestamps, which no setting of the wall clock moves.</summary>
internal static class MonotonicTime
{
    /// <summary>The time since a moment. Where a provider's timestamps go back all the same, the moment is now: nothing waits for years.</summary>
    public static TimeSpan Since(TimeProvider time, ref long moment)
    {
        long now = time.GetTimestamp();
        TimeSpan passed = time.GetElapsedTime(moment, now);
        if (passed >= TimeSpan.Zero)
            return passed;
        moment = now;
        return TimeSpan.Zero;
    }
}
