namespace AutLearn.Runtime;

/// <summary>What an epoch measured while its steps went on.</summary>
/// <param name="Loss">The mean over the labels, each before its step's update.</param>
/// <param name="Accuracy">The share of correct labels in [0, 1], each before its step's update; null where the artifacts do not count them.</param>
public sealed record EpochResult(double Loss, double? Accuracy);
