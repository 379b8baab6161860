using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>evaluate</c> measures.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The images.</param>
/// <param name="Images">The images that were scored.</param>
/// <param name="Part">The part of the data that was measured on: train, validation or test; null where the data are not divided.</param>
/// <param name="LeftOut">What of the data was left out.</param>
/// <param name="Accuracy">The share whose first class is right; null without labels.</param>
/// <param name="Top5Accuracy">The share whose class is among the first five; null without labels.</param>
/// <param name="Correct">The number whose first class is right; null without labels.</param>
/// <param name="Classes">Recall and precision of each class that has an image or a prediction; empty without labels.</param>
/// <param name="Confusion">How often images of one class were taken for which; cells of 0 are left out.</param>
/// <param name="Seconds">Decoding, resizing and the model.</param>
/// <param name="Predictions">The five likeliest classes of each image.</param>
internal sealed record EvaluateReport(
    string Model,
    string Data,
    int Images,
    string? Part,
    DataReport LeftOut,
    double? Accuracy,
    double? Top5Accuracy,
    int? Correct,
    ImmutableArray<ClassFigures> Classes,
    ImmutableArray<ConfusionCell> Confusion,
    double Seconds,
    ImmutableArray<PredictionReport> Predictions);

/// <summary>What the model says of one image.</summary>
internal sealed record PredictionReport(string Image, int? Label, ImmutableArray<RankedClass> Top);

/// <summary>A class and its probability.</summary>
internal sealed record RankedClass(int Class, string? Name, double Probability);
