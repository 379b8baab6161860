namespace AutLearn.Graph.Artifacts;

/// <summary>A parameter that training changes.</summary>
/// <param name="Tensor">Its name, type and static shape; the input name in every model that reads it.</param>
/// <param name="UpdatedOutput">The step models' output that holds its next value.</param>
/// <param name="Role">How training changes it.</param>
public sealed record ParameterSpec(TensorSpec Tensor, string UpdatedOutput, ParameterRole Role);
