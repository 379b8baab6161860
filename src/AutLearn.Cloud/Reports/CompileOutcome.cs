using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>compile</c> made.</summary>
/// <param name="Model">The base model.</param>
/// <param name="Out">The folder or package.</param>
/// <param name="Seconds">How long compiling took, without reading and writing.</param>
/// <param name="Trained">What the device will train.</param>
/// <param name="FrozenWeights">The weights that stay as they are.</param>
/// <param name="Boundary">The tensors that flow from backbone to head.</param>
/// <param name="BoundaryBytesPerSample">What caching them costs for each sample.</param>
/// <param name="ForwardFlops">Operations of one prediction.</param>
/// <param name="StepFlops">Operations of one training step.</param>
/// <param name="CachedStepFlops">Operations of one training step with cached scores; null where there is no such model.</param>
/// <param name="PeakActivationBytes">An estimate of the memory that a training step computes with.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="Scores">What the loss reads.</param>
/// <param name="Images">How images become input; null where the model takes none, or no option says their size.</param>
/// <param name="Files">The files with their sizes.</param>
/// <param name="Bytes">The size of the folder or package.</param>
/// <param name="OrtTraining">The folder of the official training artifacts; null where none were asked for.</param>
internal sealed record CompileOutcome(
    string Model,
    string Out,
    double Seconds,
    TrainedReport Trained,
    long FrozenWeights,
    ImmutableArray<ValueReport> Boundary,
    long BoundaryBytesPerSample,
    long ForwardFlops,
    long StepFlops,
    long? CachedStepFlops,
    long PeakActivationBytes,
    string Loss,
    string Optimizer,
    ValueReport Scores,
    string? Images,
    ImmutableArray<FileReport> Files,
    long Bytes,
    string? OrtTraining);

/// <summary>A file and its size.</summary>
internal sealed record FileReport(string Path, long Bytes);
