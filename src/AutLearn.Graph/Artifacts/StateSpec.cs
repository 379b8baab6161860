namespace AutLearn.Graph.Artifacts;

/// <summary>One tensor of optimizer state.</summary>
/// <param name="Tensor">Its name, type and static shape; the input name in the step models.</param>
/// <param name="UpdatedOutput">The step models' output that holds its next value.</param>
/// <param name="Parameter">The parameter it belongs to; null for a counter.</param>
/// <param name="Slot">What it is: <c>momentum</c>, <c>exp_avg</c>, <c>exp_avg_sq</c>, <c>square_avg</c>, <c>sum</c>, <c>step</c>, <c>accumulated_gradient</c>, <c>accumulated_weight</c> or <c>micro_step</c>.</param>
/// <param name="InitialValue">The value of every element before the first step.</param>
public sealed record StateSpec(TensorSpec Tensor, string UpdatedOutput, string? Parameter, string Slot, double InitialValue);
