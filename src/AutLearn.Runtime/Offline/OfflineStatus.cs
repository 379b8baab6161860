namespace AutLearn.Runtime.Offline;

/// <summary>How a window of offline learning ended.</summary>
public enum OfflineStatus
{
    /// <summary>There are too few samples to learn from.</summary>
    NothingToLearn,

    /// <summary>The window closed; what was done is saved and the next window goes on there.</summary>
    Suspended,

    /// <summary>Training is over and the gate let the new parameters serve.</summary>
    Promoted,

    /// <summary>Training is over and the gate kept the serving parameters.</summary>
    RolledBack,

    /// <summary>Training is over and found nothing better than the parameters that serve, which stay; no generation is committed.</summary>
    Unchanged,
}
