using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime;

/// <summary>How long and how fast to train. Null members take the artifacts' recommendation.</summary>
public sealed class TrainingOptions
{
    /// <summary>Gets or sets the passes over the rows.</summary>
    /// <value>From 1 to 100,000. The default is null.</value>
    [Range(1, 100_000)]
    public int? Epochs { get; set; }

    /// <summary>Gets or sets the rows of one step; the last step of an epoch takes what remains.</summary>
    /// <value>From 1 to 65,536. The default is null.</value>
    [Range(1, 65_536)]
    public int? BatchSize { get; set; }

    /// <summary>Gets or sets the learning rate.</summary>
    /// <value>In (0, 1000]. The default is null.</value>
    [Range(0d, 1000d, MinimumIsExclusive = true)]
    public double? LearningRate { get; set; }

    /// <summary>Gets or sets what decides the order of the rows.</summary>
    /// <value>Equal seeds give equal orders. The default is 1.</value>
    public int Seed { get; set; } = 1;
}
