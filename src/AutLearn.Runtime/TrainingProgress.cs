namespace AutLearn.Runtime;

/// <summary>Where training stands after a step.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">All epochs.</param>
/// <param name="Step">The updates applied, over all epochs.</param>
/// <param name="Steps">All updates; fewer are applied where batches are passed over.</param>
/// <param name="Result">What the step measured.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, long Step, long Steps, StepResult Result);
