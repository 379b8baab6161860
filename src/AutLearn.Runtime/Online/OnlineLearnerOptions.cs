using System.ComponentModel.DataAnnotations;
using AutLearn.Runtime.Gate;
using Microsoft.Extensions.Options;

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

    /// <summary>Gets or sets the rows of earlier feedback that each step trains again, drawn evenly over the classes, or over all rows where labels are no classes.</summary>
    /// <value>From 0 to 4096. The default is 0, which keeps none. With replay a step cannot reuse logits.</value>
    [Range(0, 4096)]
    public int ReplayRows { get; set; }

    /// <summary>Gets or sets the rows that replay keeps of a class; where labels are no classes, <see cref="ReplayCapacityInBytes"/> alone bounds them.</summary>
    /// <value>From 1 to 1000. The default is 4.</value>
    [Range(1, 1000)]
    public int ReplayRowsPerClass { get; set; } = 4;

    /// <summary>Gets or sets the bound on the memory of replay.</summary>
    /// <value>In bytes, from 4 KiB to 1 TiB. The default is 4 MiB.</value>
    [Range(4096L, 1L << 40)]
    public long ReplayCapacityInBytes { get; set; } = 4L << 20;

    /// <summary>Gets or sets how far the learning rate may rise when the loss does.</summary>
    /// <value>From 1 to 100. The default is 1: the rate is constant. Above, the rate is multiplied by the recent loss over the long-term loss, at most by this.</value>
    [Range(1d, 100d)]
    public double DriftBoost { get; set; } = 1;

    /// <summary>Gets or sets the labelled rows from which on a class is left to the head; before, <see cref="OnlineLearner.Classify"/> asks the class means.</summary>
    /// <value>From 0 to 10,000. The default is 0: the head alone decides.</value>
    [Range(0, 10_000)]
    public int NewClassRows { get; set; }

    /// <summary>Gets or sets when learned parameters may serve.</summary>
    /// <value>
    /// The default is null: each step serves at once. Otherwise a candidate learns beside the serving model, and serves as long as the
    /// newest feedback does not prefer the model that learning began with; steps then cannot reuse logits.
    /// </value>
    [ValidateObjectMembers]
    public GateOptions? Gate { get; set; }

    /// <summary>Gets or sets the newest labels that the gate decides on.</summary>
    /// <value>From 1 to 1,000,000, raised to the gate's fewest labels. The default is 128.</value>
    [Range(1, 1_000_000)]
    public int GateWindow { get; set; } = 128;

    /// <summary>Gets or sets the sizes of a row that the model leaves open, by symbol, such as the length of a sentence.</summary>
    /// <value>Each at least 1. The default is empty. Shorter rows are padded: tensors with zeros, labels with the one that the loss ignores; longer ones are refused.</value>
    public Dictionary<string, int> RowSizes { get; set; } = [];

    /// <summary>Gets or sets what decides which rows are replayed.</summary>
    /// <value>The default is 1.</value>
    public int Seed { get; set; } = 1;
}
