namespace AutLearn.Graph.Artifacts;

/// <summary>Training settings that a runtime uses where the app gives none.</summary>
/// <param name="LearningRate">In (0, 1].</param>
/// <param name="BatchSize">Rows a step, at least 1.</param>
/// <param name="Epochs">Passes over the data, at least 1.</param>
public sealed record TrainingDefaults(double LearningRate, int BatchSize, int Epochs);
