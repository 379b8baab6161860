namespace AutLearn.Cloud.Data;

/// <summary>An image that was left out.</summary>
/// <param name="Image">The file.</param>
/// <param name="Problem">What is wrong with it.</param>
internal sealed record SkippedImage(string Image, string Problem);
