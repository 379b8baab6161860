using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>The structure <c>SYSTEM_POWER_STATUS</c>, 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SystemPowerStatus
{
    /// <summary>0 without mains, 1 with, 255 unknown.</summary>
    public byte AcLineStatus;

    /// <summary>8 charging, 128 no battery, 255 unknown.</summary>
    public byte BatteryFlag;

    /// <summary>0 to 100, or 255 for unknown.</summary>
    public byte BatteryLifePercent;

    /// <summary>1 while the battery saver is on.</summary>
    public byte SystemStatusFlag;

    public uint BatteryLifeTime;

    public uint BatteryFullLifeTime;
}
