using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>evaluate</c> measures.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The images.</param>
/// <param name="Images">The images that were scored.</param>
/// <param name="Skipped">The images that could not be decoded.</param>
/// <param name="Accuracy">The share whose first class is right; null without labels.</param>
/// <param name="Top5Accuracy">The share whose class is among the first five; null without labels.</param>
/// <param name="Correct">The number whose first class is right; null without labels.</param>
/// <param name="Seconds">Decoding, resizing and the model.</param>
/// <param name="Predictions">The five likeliest classes of each image.</param>
internal sealed record EvaluateReport(
    string Model,
    string Data,
    int Images,
    ImmutableArray<string> Skipped,
    double? Accuracy,
    double? Top5Accuracy,
    int? Correct,
    double Seconds,
    ImmutableArray<PredictionReport> Predictions);

/// <summary>What the model says of one image.</summary>
internal sealed record PredictionReport(string Image, int? Label, ImmutableArray<RankedClass> Top);

/// <summary>A class and its probability.</summary>
internal sealed record RankedClass(int Class, string? Name, double Probability);
