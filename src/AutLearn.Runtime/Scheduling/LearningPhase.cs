namespace AutLearn.Runtime.Scheduling;

/// <summary>What a <see cref="LearningService"/> does.</summary>
public enum LearningPhase
{
    /// <summary>It has not been started, or was stopped.</summary>
    Stopped,

    /// <summary>It was started, and is about to look at the device for the first time.</summary>
    Starting,

    /// <summary>A condition of the policy blocks.</summary>
    Blocked,

    /// <summary>All conditions hold, but not yet for long enough.</summary>
    Settling,

    /// <summary>A window is open.</summary>
    Learning,

    /// <summary>Training is over for now, there was nothing to learn, or a failure is waited out.</summary>
    Resting,
}
