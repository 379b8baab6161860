namespace AutLearn.Runtime.Scheduling;

/// <summary>True, false, or not known.</summary>
public enum Ternary
{
    /// <summary>The device does not tell.</summary>
    Unknown,

    /// <summary>It is not so.</summary>
    False,

    /// <summary>It is so.</summary>
    True,
}
