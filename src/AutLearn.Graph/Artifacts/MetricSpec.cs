namespace AutLearn.Graph.Artifacts;

/// <summary>An output beside the loss.</summary>
/// <param name="Tensor">Its name, type and shape.</param>
/// <param name="Kind">
/// <c>correct_rows</c> (Bool, one entry a label; evaluation model only), <c>correct_count</c> or <c>label_count</c> (Int64 scalars;
/// ignored labels count in neither), <c>gradient_norm</c> (Float32 scalar, before clipping; step models only).
/// </param>
public sealed record MetricSpec(TensorSpec Tensor, string Kind);
