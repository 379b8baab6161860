namespace AutLearn.Runtime.Training;

/// <summary>The order in which a loader visits its rows.</summary>
public enum SampleOrder
{
    /// <summary>Another order in each epoch, a function of seed and epoch alone.</summary>
    Shuffled,

    /// <summary>As the source has them.</summary>
    Sequential,
}
