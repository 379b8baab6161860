using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>pretrain</c> achieved.</summary>
/// <param name="Model">The network.</param>
/// <param name="Data">What it learned from.</param>
/// <param name="TrainRows">The rows that were trained on.</param>
/// <param name="ValidationRows">The rows that were only measured on.</param>
/// <param name="Weights">The trained numbers.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="BatchSize">Rows of a micro-step.</param>
/// <param name="Accumulate">The most micro-steps that share one update.</param>
/// <param name="End">Why training ended.</param>
/// <param name="Steps">All updates, also those before an interruption.</param>
/// <param name="MicroSteps">All batches that went into them.</param>
/// <param name="ResumedAtStep">The updates that a checkpoint brought along.</param>
/// <param name="BestEpoch">The epoch of the lowest loss, whose parameters were exported where there is a validation.</param>
/// <param name="WrittenEpoch">The epoch whose parameters were written: the best where there is a validation, otherwise the last.</param>
/// <param name="Epochs">The course of the training.</param>
/// <param name="Seconds">The time since training was started or resumed.</param>
/// <param name="Out">The ONNX file.</param>
/// <param name="Vocabulary">The file of the words; null for images.</param>
/// <param name="Log">The JSON log; null where none was asked for.</param>
/// <param name="Plot">The picture of the losses; null where none was asked for.</param>
/// <param name="LeftOut">What of the images was left out; null for text.</param>
internal sealed record PretrainReport(
    string Model,
    string Data,
    int TrainRows,
    int ValidationRows,
    long Weights,
    string Optimizer,
    int BatchSize,
    int Accumulate,
    string End,
    long Steps,
    long MicroSteps,
    long ResumedAtStep,
    int? BestEpoch,
    int? WrittenEpoch,
    ImmutableArray<PretrainEpochReport> Epochs,
    double Seconds,
    string Out,
    string? Vocabulary,
    string? Log,
    string? Plot,
    DataReport? LeftOut)
{
    /// <summary>Gets why rows of a table were left out.</summary>
    public ImmutableArray<string> SkippedRows { get; init; } = [];
}

/// <summary>One pass over the training rows.</summary>
internal sealed record PretrainEpochReport(int Epoch, double TrainLoss, double? TrainAccuracy, double? ValidationLoss, double? ValidationAccuracy, double LearningRate);
