namespace AutLearn.Runtime.Scheduling;

/// <summary>What an unknown signal means for a policy.</summary>
public enum UnknownRule
{
    /// <summary>No training until it is known.</summary>
    Blocks,

    /// <summary>Training as if its condition held.</summary>
    Allows,
}
