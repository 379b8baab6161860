namespace AutLearn.Runtime.Diagnostics;

/// <summary>The processor time that this process has used: kernel and user time of all its threads, native ones included.</summary>
internal static class CpuTime
{
    /// <summary>Gets the time; zero where the platform keeps it from apps (iOS, browsers).</summary>
    public static TimeSpan OfProcess() =>
        OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() || OperatingSystem.IsBrowser() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime;
}
