using System.ComponentModel.DataAnnotations;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Stores;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Offline;

/// <summary>Settings of an <see cref="OfflineLearner"/>; copied when it is built. Null members take the artifacts' recommendation.</summary>
public sealed class OfflineLearnerOptions
{
    /// <summary>Gets or sets the most passes over the samples.</summary>
    /// <value>From 1 to 100,000. The default is null.</value>
    [Range(1, 100_000)]
    public int? Epochs { get; set; }

    /// <summary>Gets or sets the rows of one step.</summary>
    /// <value>From 1 to 65,536. The default is null.</value>
    [Range(1, 65_536)]
    public int? BatchSize { get; set; }

    /// <summary>Gets or sets the learning rate.</summary>
    /// <value>In (0, 1000]. The default is null.</value>
    [Range(0d, 1000d, MinimumIsExclusive = true)]
    public double? LearningRate { get; set; }

    /// <summary>Gets or sets what decides order and augmentation.</summary>
    /// <value>The default is 1.</value>
    public int Seed { get; set; } = 1;

    /// <summary>Gets or sets the share of the newest samples that is never trained on: for early stopping and the gate.</summary>
    /// <value>In [0, 0.9]. The default is 0.2; of few samples as many more as the gate needs to decide, at most half. With 0 every finished training serves, untested.</value>
    [Range(0d, 0.9)]
    public double HoldOutFraction { get; set; } = 0.2;

    /// <summary>Gets or sets the most samples of the hold-out, which stays in memory.</summary>
    /// <value>From 1 to 100,000. The default is 1,024.</value>
    [Range(1, 100_000)]
    public int HoldOutLimit { get; set; } = 1024;

    /// <summary>Gets or sets the epochs without a lower loss on the hold-out after which training ends.</summary>
    /// <value>From 1 to 100,000. The default is 3.</value>
    [Range(1, 100_000)]
    public int Patience { get; set; } = 3;

    /// <summary>Gets or sets the augmented variants a sample, where there is an augmenter.</summary>
    /// <value>From 0 to 16. The default is 1, as many as the originals: the bound of Xu et al. 2020.</value>
    [Range(0, 16)]
    public int Variants { get; set; } = 1;

    /// <summary>Gets or sets the fewest samples worth a training.</summary>
    /// <value>From 1 to 1,000,000. The default is 32.</value>
    [Range(1, 1_000_000)]
    public int MinimumSamples { get; set; } = 32;

    /// <summary>Gets or sets the steps after which a checkpoint is written, besides the ends of epochs and windows.</summary>
    /// <value>From 1 to 1,000,000. The default is 200.</value>
    [Range(1, 1_000_000)]
    public int CheckpointSteps { get; set; } = 200;

    /// <summary>Gets or sets the share of time that may be spent computing; the rest is rest.</summary>
    /// <value>In [0.01, 1]. The default is 1.</value>
    [Range(0.01, 1d)]
    public double CpuDuty { get; set; } = 1;

    /// <summary>Gets or sets the priority of the training thread and, on Linux, of the native threads that it starts.</summary>
    /// <value>Normal or lower. The default is <see cref="ThreadPriority.BelowNormal"/>: nice 10 on Linux and Android; lowest is nice 19.</value>
    [AllowedValues(ThreadPriority.Lowest, ThreadPriority.BelowNormal, ThreadPriority.Normal)]
    public ThreadPriority Priority { get; set; } = ThreadPriority.BelowNormal;

    /// <summary>Gets or sets the sizes of a row that the model leaves open, by symbol, such as the length of a sentence.</summary>
    /// <value>Each at least 1. The default is empty. What a sample does not fill is padded: inputs with zeros, labels with the one that the loss ignores.</value>
    public Dictionary<string, int> RowSizes { get; set; } = [];

    /// <summary>Gets or sets the key that seals the checkpoint; stays the caller's.</summary>
    /// <value>Null leaves it plain. The default is null.</value>
    public ProfileKey? Key { get; set; }

    /// <summary>Gets or sets when the result may serve.</summary>
    /// <value>The default is a new object with its own defaults.</value>
    [Required]
    [ValidateObjectMembers]
    public GateOptions Gate { get; set; } = new();

    internal OfflineLearnerOptions Copy() => (OfflineLearnerOptions)MemberwiseClone();
}
