namespace AutLearn.Runtime.Gate;

/// <summary>What the gate decided.</summary>
public enum GateVerdict
{
    /// <summary>The candidate is not worse and may serve.</summary>
    Promoted,

    /// <summary>The candidate is worse than the margin allows.</summary>
    Worse,

    /// <summary>The hold-out is too small to tell, so the serving model stays.</summary>
    TooFewLabels,
}
