using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>Asks Windows.</summary>
[SupportedOSPlatform("windows")]
internal static partial class WindowsCalls
{
    public static WindowsReading Read()
    {
        var input = new LastInputInfo { Size = (uint)Marshal.SizeOf<LastInputInfo>() };
        var memory = new MemoryStatus { Length = (uint)Marshal.SizeOf<MemoryStatus>() };
        return new()
        {
            Power = GetSystemPowerStatus(out SystemPowerStatus power) != 0 ? power : null,

            // Both are 32-bit milliseconds since the start that wrap after 49.7 days; their difference does not care.
            SinceInput = GetLastInputInfo(ref input) != 0 ? unchecked((uint)Environment.TickCount - input.Time) : null,
            MemoryLoad = GlobalMemoryStatusEx(ref memory) != 0 ? memory.MemoryLoad : null,

            // Kernel time contains idle time.
            Processors = GetSystemTimes(out long idle, out long kernel, out long user) != 0 ? new(idle, kernel - idle + user) : null,
        };
    }

    [LibraryImport("kernel32")]
    private static partial int GetSystemPowerStatus(out SystemPowerStatus status);

    [LibraryImport("user32")]
    private static partial int GetLastInputInfo(ref LastInputInfo info);

    [LibraryImport("kernel32")]
    private static partial int GlobalMemoryStatusEx(ref MemoryStatus status);

    [LibraryImport("kernel32")]
    private static partial int GetSystemTimes(out long idle, out long kernel, out long user);
}
