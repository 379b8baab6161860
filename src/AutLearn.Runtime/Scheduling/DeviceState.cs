namespace AutLearn.Runtime.Scheduling;

/// <summary>What a device says about itself at one moment. Every signal may be unknown, and is so unless set.</summary>
public sealed record DeviceState
{
    /// <summary>Gets a state of which nothing is known.</summary>
    public static DeviceState Unknown { get; } = new();

    /// <summary>Gets whether external power feeds the device and its battery, if it has one, does not drain. A full battery on the mains counts as charging.</summary>
    public Ternary IsCharging { get; init; }

    /// <summary>Gets whether the device has a battery.</summary>
    public Ternary HasBattery { get; init; }

    /// <summary>Gets how full the battery is.</summary>
    /// <value>From 0 to 1; null if unknown or without a battery.</value>
    public double? BatteryLevel { get; init; }

    /// <summary>Gets whether the user asked the device to save power.</summary>
    public Ternary IsSavingBattery { get; init; }

    /// <summary>Gets whether a screen is on.</summary>
    public Ternary IsScreenOn { get; init; }

    /// <summary>Gets whether nobody has used the device for a while.</summary>
    public Ternary IsSessionIdle { get; init; }

    /// <summary>Gets how hot the device is.</summary>
    public ThermalLevel Thermal { get; init; }

    /// <summary>Gets how short memory is.</summary>
    /// <value>The share of time in which some work waits for memory, from 0 to 1; where a platform knows no such share, 1 for a device low on memory and 0 otherwise. Null if unknown.</value>
    public double? MemoryPressure { get; init; }

    /// <summary>Gets how busy the processor is.</summary>
    /// <value>The share of time in which some work waits for a processor, or that all processors are busy, from 0 to 1. Null if unknown.</value>
    public double? CpuPressure { get; init; }

    /// <summary>Gets the room left where the app keeps its data.</summary>
    /// <value>Bytes; null if unknown.</value>
    public long? FreeStorageInBytes { get; init; }
}
