using System.Collections.Immutable;
using AutLearn.Cloud.Reports;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>What to pretrain, and on what.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Model">The network with its initial weights.</param>
/// <param name="Data">What the user calls the data.</param>
/// <param name="DataSha256">The hash of the data, by which a checkpoint knows them.</param>
/// <param name="Training">The rows to learn from.</param>
/// <param name="Validation">The rows to measure on; null for none.</param>
/// <param name="Labels">One more than the largest label.</param>
/// <param name="Preprocessing">How images become input; null for text.</param>
/// <param name="Classes">The names of the classes; empty where unknown.</param>
/// <param name="Vocabulary">The words by number; null for images.</param>
internal sealed record PretrainTask(
    string Name,
    OnnxModel Model,
    string Data,
    string DataSha256,
    ISampleSource Training,
    ISampleSource? Validation,
    int Labels,
    ImagePreprocessing? Preprocessing,
    ImmutableArray<string> Classes,
    ImmutableArray<string>? Vocabulary)
{
    /// <summary>Gets what of the images was left out; null for text.</summary>
    public DataReport? LeftOut { get; init; }

    /// <summary>Gets which columns of a table are read and told; null for other data.</summary>
    public TableSpec? Table { get; init; }

    /// <summary>Gets why rows of a table were left out.</summary>
    public ImmutableArray<string> SkippedRows { get; init; } = [];

    /// <summary>Gets how text becomes tokens; null for images.</summary>
    public TextArtifacts? Text { get; init; }
}
