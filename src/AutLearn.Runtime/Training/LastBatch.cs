namespace AutLearn.Runtime.Training;

/// <summary>What becomes of the rows at the end of an epoch that do not fill a batch.</summary>
public enum LastBatch
{
    /// <summary>They make a smaller batch.</summary>
    Keep,

    /// <summary>They are left out of this epoch.</summary>
    Drop,
}
