using System.Collections.Immutable;
using AutLearn.Compiler.OrtTraining.Import;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>import-ort</c> took over.</summary>
/// <param name="Folder">The official set.</param>
/// <param name="Out">The folder or package.</param>
/// <param name="Onnx">The plain ONNX file.</param>
/// <param name="Inputs">What the model reads.</param>
/// <param name="Outputs">What it predicts; the first is what the loss reads.</param>
/// <param name="DroppedOutputs">Outputs of the evaluation model that depend on labels and are left out.</param>
/// <param name="Labels">What the loss wants of the caller.</param>
/// <param name="Loss">The loss.</param>
/// <param name="IsLossReplaced">Whether it is another than the set's own.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="ClipNorm">The largest norm of all gradients together; null where they are not clipped.</param>
/// <param name="LearningRate">The learning rate that the artifacts recommend.</param>
/// <param name="Step">The updates made before.</param>
/// <param name="TrainsBatchStatistics">Whether batch normalisation goes on learning from each batch's statistics.</param>
/// <param name="TrainsWithDropout">Whether dropout drops while training.</param>
/// <param name="HasTrainingModel">Whether the set's training model, which tells the last two, was there.</param>
/// <param name="Parameters">Every parameter and what becomes of it.</param>
/// <param name="Files">The files of the artifacts with their sizes.</param>
internal sealed record ImportReport(
    string Folder,
    string Out,
    string Onnx,
    ImmutableArray<ValueReport> Inputs,
    ImmutableArray<ValueReport> Outputs,
    ImmutableArray<string> DroppedOutputs,
    ValueReport Labels,
    string Loss,
    bool IsLossReplaced,
    ImportedOptimizerReport Optimizer,
    double? ClipNorm,
    double LearningRate,
    long Step,
    bool TrainsBatchStatistics,
    bool TrainsWithDropout,
    bool HasTrainingModel,
    ImmutableArray<ImportedParameterReport> Parameters,
    ImmutableArray<FileReport> Files);

/// <summary>The optimizer that was taken over.</summary>
internal sealed record ImportedOptimizerReport(string Kind, string? Form, double Beta1, double Beta2, double Epsilon, double WeightDecay, bool SkipsBiasCorrection);

/// <summary>A parameter and what becomes of it.</summary>
internal sealed record ImportedParameterReport(string Name, string Type, string Shape, long Elements, ParameterFate Fate);
