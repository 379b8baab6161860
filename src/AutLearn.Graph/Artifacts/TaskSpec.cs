namespace AutLearn.Graph.Artifacts;

/// <summary>One of several losses that the artifacts were compiled with, and where its labels stand.</summary>
/// <param name="Output">The output that the loss reads.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Weight">What it is multiplied by in the sum; above 0.</param>
/// <param name="FirstLabel">The first column of its labels.</param>
/// <param name="LabelCount">The columns that its labels take, at least 1.</param>
/// <param name="Classes">The number of classes, where labels number them; null for other labels.</param>
public sealed record TaskSpec(string Output, LossSpec Loss, double Weight, int FirstLabel, int LabelCount, long? Classes);
