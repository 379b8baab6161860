using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime.Online;

/// <summary>Settings of an <see cref="OnlineLearner"/>; copied when it is built.</summary>
public sealed class OnlineLearnerOptions
{
    /// <summary>Gets or sets the labelled rows that make one training step.</summary>
    /// <value>From 1 to 4096. The default is 16, as in Xu et al. 2020.</value>
    [Range(1, 4096)]
    public int BatchSize { get; set; } = 16;

    /// <summary>Gets or sets the learning rate.</summary>
    /// <value>In (0, 1000]; null, the default, takes the artifacts' recommendation.</value>
    [Range(0d, 1000d, MinimumIsExclusive = true)]
    public double? LearningRate { get; set; }

    /// <summary>Gets or sets the bound on the memory for rows that wait for a label or a step.</summary>
    /// <value>In bytes, from 4 KiB to 1 TiB. The default is 16 MiB.</value>
    [Range(4096L, 1L << 40)]
    public long CacheCapacityInBytes { get; set; } = 16L << 20;
}
