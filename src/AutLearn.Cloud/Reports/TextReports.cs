using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>How well a text model does.</summary>
/// <param name="Loss">The mean cross-entropy of a text, or of a token of a language model, in nats.</param>
/// <param name="Perplexity">Its exponential; null for classifiers.</param>
/// <param name="Accuracy">The share of texts whose class, or tokens whose next token, is the first guess.</param>
/// <param name="Top3Accuracy">The share whose class or next token is among the first three guesses; null where there are no more than three.</param>
/// <param name="Correct">The number of right first guesses.</param>
/// <param name="Count">The texts or tokens.</param>
internal sealed record TextFigures(double Loss, double? Perplexity, double Accuracy, double? Top3Accuracy, long Correct, long Count);

/// <summary>What <c>evaluate</c> measures of a text model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The texts, and how they were read.</param>
/// <param name="Part">The part of the data that was measured on: train, validation or test; null where the data are not divided.</param>
/// <param name="Kind">classifier or language_model.</param>
/// <param name="Sentences">The sentences of the data.</param>
/// <param name="Tokens">The tokens that the model read.</param>
/// <param name="UnknownTokens">The share of them that the tokenizer does not know; null where it knows every text.</param>
/// <param name="Figures">The figures; null where a classifier's texts have no labels.</param>
/// <param name="Classes">Recall and precision of each class; empty for language models and without labels.</param>
/// <param name="Confusion">How often texts of one class were taken for which.</param>
/// <param name="Seconds">Reading and the model.</param>
/// <param name="Predictions">The likeliest classes of each text; empty for language models.</param>
internal sealed record EvaluateTextReport(
    string Model,
    string Data,
    string? Part,
    string Kind,
    int Sentences,
    long Tokens,
    double? UnknownTokens,
    TextFigures? Figures,
    ImmutableArray<ClassFigures> Classes,
    ImmutableArray<ConfusionCell> Confusion,
    double Seconds,
    ImmutableArray<TextPredictionReport> Predictions);

/// <summary>What the model says of one text.</summary>
internal sealed record TextPredictionReport(string Text, int? Label, ImmutableArray<RankedClass> Top);

/// <summary>What <c>personalize</c> achieves with a text model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The texts, and how they were read.</param>
/// <param name="Kind">classifier or language_model.</param>
/// <param name="TrainRows">The texts, or sequences of tokens, that were learned from.</param>
/// <param name="HoldOutRows">Those that were only measured on.</param>
/// <param name="Settings">How it was trained.</param>
/// <param name="Trained">What was trained.</param>
/// <param name="Before">The figures before.</param>
/// <param name="After">The figures after.</param>
/// <param name="Steps">Training steps taken.</param>
/// <param name="Seconds">Where the time went.</param>
/// <param name="Epochs">The course of the training loss.</param>
/// <param name="PackageBytes">The size of the device artifacts.</param>
/// <param name="Exported">The ONNX file with the learned weights; null where none was asked for.</param>
/// <param name="SavedState">The file of parameters and optimizer state; null where none was asked for.</param>
internal sealed record PersonalizeTextReport(
    string Model,
    string Data,
    string Kind,
    int TrainRows,
    int HoldOutRows,
    SettingsReport Settings,
    TrainedReport Trained,
    TextFigures Before,
    TextFigures After,
    long Steps,
    TimeReport Seconds,
    ImmutableArray<EpochReport> Epochs,
    long PackageBytes,
    string? Exported,
    string? SavedState);
