using System.Collections.Immutable;
using System.Globalization;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>personalize</c> and <c>demo</c> achieve.</summary>
/// <param name="Model">The model that was personalised.</param>
/// <param name="Data">Whose images it learned from.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="TrainImages">The images that were trained on.</param>
/// <param name="HoldOutImages">The images that were only measured on.</param>
/// <param name="Settings">The settings.</param>
/// <param name="Trained">What was trained.</param>
/// <param name="Before">Measured before training.</param>
/// <param name="After">Measured after training.</param>
/// <param name="Steps">Training steps taken.</param>
/// <param name="Seconds">Where the time went.</param>
/// <param name="Epochs">The course of the training loss.</param>
/// <param name="PackageBytes">The size of the device artifacts.</param>
/// <param name="Exported">The ONNX file with the learned weights; null where none was asked for.</param>
/// <param name="SavedState">The folder or file with parameters and optimizer state; null where none was asked for.</param>
/// <param name="LeftOut">What of the data was left out.</param>
internal sealed record PersonalizeReport(
    string Model,
    string Data,
    int Classes,
    int TrainImages,
    int HoldOutImages,
    SettingsReport Settings,
    TrainedReport Trained,
    ScoreReport Before,
    ScoreReport After,
    long Steps,
    TimeReport Seconds,
    ImmutableArray<EpochReport> Epochs,
    long PackageBytes,
    string? Exported,
    string? SavedState,
    DataReport LeftOut);

/// <summary>The settings of a training run.</summary>
internal sealed record SettingsReport(int Epochs, int BatchSize, double LearningRate, int Seed, double HoldOutFraction, string Optimizer);

/// <summary>What was trained.</summary>
/// <param name="Parameters">The names of the tensors.</param>
/// <param name="Weights">Their elements.</param>
/// <param name="Bytes">Their size.</param>
internal sealed record TrainedReport(ImmutableArray<string> Parameters, long Weights, long Bytes)
{
    /// <summary>Reads what artifacts train; running statistics are not counted.</summary>
    public static TrainedReport Of(ArtifactManifest manifest)
    {
        ParameterSpec[] trained = [.. manifest.Parameters.Where(p => p.Role == ParameterRole.Trainable)];
        long[] counts = [.. trained.Select(p => p.Tensor.Shape.Aggregate(1L, static (n, d) => n * long.Parse(d, CultureInfo.InvariantCulture)))];
        return new(
            [.. trained.Select(p => p.Tensor.Name)],
            counts.Sum(),
            trained.Zip(counts).Sum(p => p.First.Tensor.ElementType.SizeInBytes(p.Second)));
    }
}

/// <summary>A measurement.</summary>
/// <param name="Accuracy">The share of correct predictions.</param>
/// <param name="Correct">The number of correct predictions.</param>
/// <param name="Count">The number of predictions.</param>
/// <param name="Loss">The mean loss.</param>
internal sealed record ScoreReport(double Accuracy, long Correct, long Count, double Loss);

/// <summary>Where the time went, in seconds.</summary>
/// <param name="Features">Decoding, resizing and the backbone, once for every image.</param>
/// <param name="Training">All training steps.</param>
internal sealed record TimeReport(double Features, double Training);

/// <summary>One pass over the training images, each measured before its step's update.</summary>
internal sealed record EpochReport(int Epoch, double TrainLoss, double? TrainAccuracy);
