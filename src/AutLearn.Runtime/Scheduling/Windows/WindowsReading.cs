namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>What Windows answered; null where a call failed.</summary>
internal sealed record WindowsReading
{
    public SystemPowerStatus? Power { get; init; }

    /// <summary>Gets the milliseconds since the last input, of the session that the process runs in.</summary>
    public uint? SinceInput { get; init; }

    /// <summary>Gets the share of physical memory in use, in percent.</summary>
    public uint? MemoryLoad { get; init; }

    public ProcessorTimes? Processors { get; init; }
}
