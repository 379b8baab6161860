namespace AutLearn.Graph.Artifacts;

/// <summary>A file that belongs to the artifacts.</summary>
/// <param name="Path">Relative, with forward slashes, such as <c>train_step.onnx</c>.</param>
/// <param name="SizeInBytes">The size in bytes.</param>
/// <param name="Sha256">The hash, 64 lower-case hexadecimal digits.</param>
public sealed record ArtifactFile(string Path, long SizeInBytes, string Sha256);
