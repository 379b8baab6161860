namespace AutLearn.Runtime.Scheduling;

/// <summary>What a policy looks at.</summary>
public enum DeviceSignal
{
    /// <summary>Whether external power feeds the device.</summary>
    Charging,

    /// <summary>Whether the user is away: the screen is off, or the session idle.</summary>
    UserAway,

    /// <summary>How full the battery is.</summary>
    BatteryLevel,

    /// <summary>Whether the device saves power.</summary>
    BatterySaver,

    /// <summary>How hot the device is.</summary>
    Thermal,

    /// <summary>How short memory is.</summary>
    MemoryPressure,

    /// <summary>How busy the processor is.</summary>
    CpuPressure,

    /// <summary>How much room is left.</summary>
    Storage,
}
