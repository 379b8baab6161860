using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>Describes a set of device artifacts; stored as <c>manifest.json</c> beside them.</summary>
/// <remarks>
/// Every tensor is addressed by the names given here, so a reader never guesses. Optional members are null where they do not apply.
/// Immutable; safe for use by several threads.
/// </remarks>
public sealed record ArtifactManifest
{
    /// <summary>The format version that this library writes.</summary>
    public const int CurrentFormatVersion = 1;

    /// <summary>Gets the format version.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Gets the compiler that wrote the artifacts, with its version.</summary>
    public required string Producer { get; init; }

    /// <summary>Gets the model's name.</summary>
    public required string ModelName { get; init; }

    /// <summary>Gets the SHA-256 (lower-case hex) of the base model.</summary>
    public required string BaseModelSha256 { get; init; }

    /// <summary>Gets the SHA-256 (lower-case hex) of everything that determines the boundary tensors: the backbone's nodes and weights.</summary>
    public required string BackboneSha256 { get; init; }

    /// <summary>Gets the version of the default operator domain in the emitted models.</summary>
    public required long Opset { get; init; }

    /// <summary>Gets the symbol of the batch dimension in the shapes below; it is the first dimension of the logits, of the labels, of every boundary tensor and of those inputs and predictions that have it.</summary>
    public required string BatchSymbol { get; init; }

    /// <summary>Gets the user inputs of <c>inference.onnx</c>; at least one has the batch first, others may have none.</summary>
    public required ImmutableArray<TensorSpec> Inputs { get; init; }

    /// <summary>Gets the outputs of <c>inference.onnx</c> that the user asked for. A symbol that no input has is a size that only the run tells.</summary>
    public required ImmutableArray<TensorSpec> Predictions { get; init; }

    /// <summary>Gets the unnormalised scores that the loss reads: an output of <c>inference.onnx</c> and the extra input of <c>train_step_cached.onnx</c>.</summary>
    public required TensorSpec Logits { get; init; }

    /// <summary>Gets the boundary tensors, in the order in which the step models take them.</summary>
    public required ImmutableArray<BoundarySpec> Boundary { get; init; }

    /// <summary>Gets the labels that the step and evaluation models take.</summary>
    public required TensorSpec Labels { get; init; }

    /// <summary>Gets the trainable parameters and the buffers that training updates, in the order in which every model takes them.</summary>
    public required ImmutableArray<ParameterSpec> Parameters { get; init; }

    /// <summary>Gets the optimizer state, in the order in which the step models take it.</summary>
    public required ImmutableArray<StateSpec> OptimizerState { get; init; }

    /// <summary>Gets the name of the step models' learning-rate input, a Float32 scalar.</summary>
    public required string LearningRateInput { get; init; }

    /// <summary>
    /// Gets the name of the step models' input that ends a window of accumulated gradients early (Bool scalar): where true, the call adds
    /// nothing of its own batch and updates with the mean of those before. Null where every call updates.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UpdateNowInput { get; init; }

    /// <summary>Gets the name of the step models' seed input (Int64 scalar, a new value each step); null where nothing is random.</summary>
    public string? SeedInput { get; init; }

    /// <summary>Gets the name of the step and evaluation models' loss output, a Float32 scalar in the loss's own unit.</summary>
    public required string LossOutput { get; init; }

    /// <summary>Gets further outputs of the step and evaluation models.</summary>
    public required ImmutableArray<MetricSpec> Metrics { get; init; }

    /// <summary>Gets the gradients that are products of matrices much smaller than their parameters; further outputs of the step models.</summary>
    /// <value>Empty in packages compiled before there were any.</value>
    public ImmutableArray<GradientFactorsSpec> GradientFactors
    {
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>
    /// Gets what <c>gradients.onnx</c> gives in place of the next parameters and optimizer state, where the package has that model. It takes
    /// what <c>train_step.onnx</c> takes but optimizer state, learning rate and <see cref="UpdateNowInput"/>; parameters that stand not here
    /// it updates as that does.
    /// </summary>
    /// <remarks>
    /// A runtime that can walk gradient, parameter and state in one pass is faster so; <c>train_step.onnx</c> gives the same update, within
    /// rounding, in any ONNX Runtime.
    /// </remarks>
    /// <value>Empty where there is only the whole step.</value>
    public ImmutableArray<GradientSpec> Gradients
    {
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>Gets the gradient models' output that holds what their gradients are a mean over: the weight that the batch's labels have together, a scalar. Null where every call updates.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TensorSpec? LabelWeight { get; init; }

    /// <summary>Gets the low-rank adapters that the parameters belong to, which an export adds to the weights beside them.</summary>
    /// <value>Empty where there are none.</value>
    public ImmutableArray<AdapterSpec> Adapters
    {
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>Gets the loss.</summary>
    public required LossSpec Loss { get; init; }

    /// <summary>Gets the optimizer.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>Gets the training settings that the compiler recommends.</summary>
    public required TrainingDefaults Defaults { get; init; }

    /// <summary>Gets how raw input becomes the model's input; null where the app prepares tensors itself.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>Gets how text becomes the model's input; null where it reads none, or the app prepares tokens itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TextSpec? Text { get; init; }

    /// <summary>Gets which columns of a table the model reads and tells; null where its rows are no table's.</summary>
    public TableSpec? Table { get; init; }

    /// <summary>Gets the class names by index; empty where unknown.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>Gets the other files with their sizes and hashes, sorted by path.</summary>
    public required ImmutableArray<ArtifactFile> Files { get; init; }
}
