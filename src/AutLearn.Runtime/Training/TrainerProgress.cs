namespace AutLearn.Runtime.Training;

/// <summary>Where training stands after a step.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">All epochs.</param>
/// <param name="Batch">The batches done in this epoch; several make one update where the artifacts accumulate gradients.</param>
/// <param name="BatchCount">The batches of an epoch; null for a stream.</param>
/// <param name="Step">The updates done, over all epochs and interruptions.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="Result">What the step measured.</param>
public readonly record struct TrainerProgress(int Epoch, int Epochs, int Batch, int? BatchCount, long Step, double LearningRate, StepResult Result);
