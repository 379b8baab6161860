namespace AutLearn.Graph.Artifacts;

/// <summary>A tensor that flows from the backbone to the head.</summary>
/// <param name="Tensor">Its input name in the step and evaluation models; the batch is its first dimension.</param>
/// <param name="InferenceOutput">The output of <c>inference.onnx</c> that holds it; null where the tensor is a user input itself.</param>
/// <param name="UserInput">The user input that it is; null where the backbone computes it.</param>
public sealed record BoundarySpec(TensorSpec Tensor, string? InferenceOutput, string? UserInput);
