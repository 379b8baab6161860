namespace AutLearn.Runtime.Scheduling;

/// <summary>When a user counts as away.</summary>
public enum AwayCondition
{
    /// <summary>While the screen is off. Where the platform does not tell about the screen, the idle session stands for it.</summary>
    ScreenOff,

    /// <summary>While the session is idle, whether the screen is on or off.</summary>
    SessionIdle,

    /// <summary>While the screen is off or the session is idle.</summary>
    ScreenOffOrSessionIdle,

    /// <summary>Always: training runs beside the user.</summary>
    Always,
}
