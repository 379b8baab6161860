namespace AutLearn.Compiler;

/// <summary>Which statistics batch normalisation uses in the trained part of a network.</summary>
public enum NormalizationStatistics
{
    /// <summary>The stored running statistics, which stay as they are.</summary>
    Frozen,

    /// <summary>The batch's own statistics while training; the running statistics follow them and serve prediction and evaluation.</summary>
    Training,
}
