using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>How well a model tells one column.</summary>
/// <param name="Name">The column.</param>
/// <param name="RootMeanSquaredError">Of numbers, in the column's unit; null otherwise.</param>
/// <param name="MeanAbsoluteError">Of numbers, in the column's unit; null otherwise.</param>
/// <param name="ExplainedVariance">1 - squared error / variance (R2); null otherwise, and where the column never changes.</param>
/// <param name="Accuracy">The share of right answers, for tags and classes; null otherwise.</param>
/// <param name="F1">The harmonic mean of precision and recall of a tag; null otherwise, and where there is nothing to find.</param>
internal sealed record TargetFigures(string Name, double? RootMeanSquaredError, double? MeanAbsoluteError, double? ExplainedVariance, double? Accuracy, double? F1);

/// <summary>How well a model does on the rows of a table.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Targets">Each column.</param>
internal sealed record TableFigures(double Loss, ImmutableArray<TargetFigures> Targets);

/// <summary>What <c>evaluate</c> measures on a table of numbers.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The table.</param>
/// <param name="Kind">numbers, tags or classes.</param>
/// <param name="Rows">The rows.</param>
/// <param name="SkippedRows">Why rows were left out.</param>
/// <param name="Figures">The figures; null where the table has no targets.</param>
/// <param name="Predictions">What the model says of each row: a number or a probability for each column or class.</param>
/// <param name="Seconds">The time.</param>
internal sealed record EvaluateTableReport(
    string Model, string Data, string Kind, int Rows, ImmutableArray<string> SkippedRows, TableFigures? Figures, ImmutableArray<ImmutableArray<float>> Predictions, double Seconds);

/// <summary>What <c>personalize</c> achieves on a table of numbers.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The table.</param>
/// <param name="Kind">numbers, tags or classes.</param>
/// <param name="TrainRows">The rows that were learned from.</param>
/// <param name="HoldOutRows">Those that were only measured on.</param>
/// <param name="SkippedRows">Why rows were left out.</param>
/// <param name="Settings">How it was trained.</param>
/// <param name="Trained">What was trained.</param>
/// <param name="Before">The figures before.</param>
/// <param name="After">The figures after.</param>
/// <param name="Steps">Training steps taken.</param>
/// <param name="Epochs">The course of the training loss.</param>
/// <param name="PackageBytes">The size of the device artifacts.</param>
/// <param name="Seconds">Training.</param>
/// <param name="Exported">The ONNX file with the learned weights; null where none was asked for.</param>
/// <param name="SavedState">The file of parameters and optimizer state; null where none was asked for.</param>
internal sealed record PersonalizeTableReport(
    string Model,
    string Data,
    string Kind,
    int TrainRows,
    int HoldOutRows,
    ImmutableArray<string> SkippedRows,
    SettingsReport Settings,
    TrainedReport Trained,
    TableFigures Before,
    TableFigures After,
    long Steps,
    ImmutableArray<EpochReport> Epochs,
    long PackageBytes,
    double Seconds,
    string? Exported,
    string? SavedState);
