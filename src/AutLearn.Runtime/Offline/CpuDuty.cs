namespace AutLearn.Runtime.Offline;

/// <summary>Rests after each piece of work so that work takes at most a share of the time.</summary>
internal sealed class CpuDuty(double share, TimeProvider time)
{
    private long _start;

    public void Begin() => _start = time.GetTimestamp();

    public void Rest(CancellationToken endOfWindow, CancellationToken cancellationToken)
    {
        if (share >= 1)
            return;
        TimeSpan rest = time.GetElapsedTime(_start) * ((1 / share) - 1);
        if (rest >= TimeSpan.FromMilliseconds(1))
            WaitHandle.WaitAny([endOfWindow.WaitHandle, cancellationToken.WaitHandle], rest);
    }
}
