using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>The optimizer that the artifacts were compiled with.</summary>
/// <param name="Kind"><c>sgd</c>, <c>adam</c>, <c>adamw</c>, <c>adagrad</c> or <c>rmsprop</c>.</param>
public sealed record OptimizerSpec(string Kind)
{
    /// <summary>Gets the momentum, in [0, 1).</summary>
    public double Momentum { get; init; }

    /// <summary>Gets a value indicating whether the momentum is Nesterov's.</summary>
    public bool IsNesterov { get; init; }

    /// <summary>Gets the decay of the first moment, in [0, 1).</summary>
    public double Beta1 { get; init; }

    /// <summary>Gets the decay of the second moment, in [0, 1).</summary>
    public double Beta2 { get; init; }

    /// <summary>Gets the number that keeps divisions finite.</summary>
    public double Epsilon { get; init; }

    /// <summary>Gets the order of AdamW's operations.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public AdamWForm Form { get; init; }

    /// <summary>Gets a value indicating whether AdamW takes its means as they are, without correcting that they begin at 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SkipsBiasCorrection { get; init; }

    /// <summary>Gets the weight decay, at least 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Gets the largest global gradient norm; null where gradients are not clipped.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Gets the most calls of the training step that share one update; null where every call updates.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AccumulationSteps { get; init; }

    /// <summary>Gets a value indicating whether an update changes only those rows of a table that the batch read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool LazyRows { get; init; }
}
