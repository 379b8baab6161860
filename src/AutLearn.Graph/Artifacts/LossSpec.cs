using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts;

/// <summary>The loss that the artifacts were compiled with.</summary>
/// <param name="Kind"><c>softmax_cross_entropy</c>, <c>binary_cross_entropy_with_logits</c>, <c>mean_squared</c>, <c>l1</c>, <c>huber</c> or <c>multi_task</c>.</param>
public sealed record LossSpec(string Kind)
{
    /// <summary>Gets the label that no loss is taken of; null where every label counts.</summary>
    public long? IgnoreIndex { get; init; }

    /// <summary>Gets the label smoothing, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Gets the class weights; empty where all weigh 1.</summary>
    public ImmutableArray<float> ClassWeights { get; init; } = [];

    /// <summary>Gets the point at which Huber's loss turns linear; null for other losses.</summary>
    public double? Delta { get; init; }

    /// <summary>Gets the losses that are added, in the order of their labels; empty for other losses.</summary>
    public ImmutableArray<TaskSpec> Tasks { get; init; } = [];
}
