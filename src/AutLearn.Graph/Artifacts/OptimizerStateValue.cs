namespace AutLearn.Graph.Artifacts;

/// <summary>Optimizer state that comes from elsewhere, such as the moments of another trainer.</summary>
/// <param name="Parameter">The parameter it belongs to; null for a counter.</param>
/// <param name="Slot">What it is, as in <see cref="StateSpec"/>: for Adam and AdamW <c>exp_avg</c> (the mean gradient) and <c>exp_avg_sq</c> (the mean squared gradient) of each parameter, and <c>step</c> (the updates made, Int64) of none.</param>
/// <param name="Value">The value: of the parameter's shape, Float32 unless the parameter is Float64; a scalar for counters.</param>
public sealed record OptimizerStateValue(string? Parameter, string Slot, Tensor Value);
