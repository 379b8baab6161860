using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime.Gate;

/// <summary>When new parameters may serve the user.</summary>
public sealed class GateOptions
{
    /// <summary>Gets or sets the accuracy that a candidate may lose on the hold-out.</summary>
    /// <value>In [0, 1], as a share of the labels. The default is 0: no label fewer than the serving model.</value>
    [Range(0d, 1d)]
    public double Margin { get; set; }

    /// <summary>Gets or sets the significance of the paired test that the candidate is worse.</summary>
    /// <value>In (0, 1). The default is 0.05. It decides only where <see cref="Margin"/> tolerates the loss.</value>
    [Range(0d, 1d, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Significance { get; set; } = 0.05;

    /// <summary>Gets or sets the fewest labels that allow a decision.</summary>
    /// <value>From 1 to 1,000,000. The default is 16. With fewer the serving model stays.</value>
    [Range(1, 1_000_000)]
    public int MinimumLabels { get; set; } = 16;
}
