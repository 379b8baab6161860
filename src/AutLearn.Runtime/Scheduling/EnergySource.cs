namespace AutLearn.Runtime.Scheduling;

/// <summary>Where a figure of energy comes from.</summary>
public enum EnergySource
{
    /// <summary>The platform tells nothing.</summary>
    None,

    /// <summary>The processor's own counters (RAPL): its packages, and its memory where that is counted apart.</summary>
    Rapl,

    /// <summary>The power drawn from the battery, summed up over time: the whole device, and only while it runs on battery.</summary>
    Battery,
}
