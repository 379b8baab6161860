namespace AutLearn.Cloud.Personalization;

/// <summary>How to personalise a model.</summary>
/// <param name="Epochs">Passes over the training images, at least 1.</param>
/// <param name="BatchSize">Images in a step, at least 1.</param>
/// <param name="LearningRate">Above 0.</param>
/// <param name="Seed">Decides the split and the order of the images.</param>
/// <param name="HoldOutFraction">The share of the images that is only measured on, in (0, 1).</param>
internal sealed record PersonalizationSettings(int Epochs, int BatchSize, double LearningRate, int Seed, double HoldOutFraction);
