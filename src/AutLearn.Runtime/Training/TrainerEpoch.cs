namespace AutLearn.Runtime.Training;

/// <summary>One pass over the training rows.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Steps">The updates done when it ended, over all epochs.</param>
/// <param name="TrainLoss">The mean over the labels, each measured before its step's update.</param>
/// <param name="TrainAccuracy">In [0, 1]; null where the artifacts do not count correct labels.</param>
/// <param name="ValidationLoss">The mean over the validation labels after the epoch; null where nothing is validated.</param>
/// <param name="ValidationAccuracy">In [0, 1]; null where nothing is validated or correct labels are not counted.</param>
/// <param name="LearningRate">The learning rate of the last step.</param>
public sealed record TrainerEpoch(
    int Epoch, long Steps, double TrainLoss, double? TrainAccuracy, double? ValidationLoss, double? ValidationAccuracy, double LearningRate);
