namespace AutLearn.Runtime.Scheduling;

/// <summary>How hot a device is, by what it does about it. Android's thermal status has the same steps.</summary>
public enum ThermalLevel
{
    /// <summary>The device does not tell.</summary>
    Unknown,

    /// <summary>Cool.</summary>
    None,

    /// <summary>Warm; nothing is slowed yet.</summary>
    Light,

    /// <summary>The device slows itself where the user barely notices.</summary>
    Moderate,

    /// <summary>The device slows itself much.</summary>
    Severe,

    /// <summary>The device is about to switch off.</summary>
    Critical,
}
