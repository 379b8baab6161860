using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Execution;

/// <summary>What one model of the artifacts reads and writes besides parameters and optimizer state.</summary>
internal sealed class ModelSignature
{
    private readonly List<string> _symbols;

    private ModelSignature(ArtifactManifest manifest, string file, IEnumerable<TensorSpec> inputs, IEnumerable<TensorSpec> outputs, bool isStep, bool isWhole = true)
    {
        File = file;
        IsStep = isStep;
        Updated = !isStep
            ? []
            : isWhole
                ? [.. manifest.Parameters.Select(p => (p.Tensor.Name, p.UpdatedOutput)), .. manifest.OptimizerState.Select(s => (s.Tensor.Name, s.UpdatedOutput))]
                : [.. manifest.Parameters.Where(p => manifest.Gradients.All(g => g.Parameter != p.Tensor.Name)).Select(p => (p.Tensor.Name, p.UpdatedOutput))];
        // The batch comes first, so that symbol 0 is the number of rows.
        _symbols = [manifest.BatchSymbol];
        Inputs = [.. inputs.Select(i => new TensorSlot(i, _symbols, mayAddSymbols: true))];
        Outputs = [.. outputs.Select(o => new TensorSlot(o, _symbols, mayAddSymbols: false))];
    }

    public string File { get; }

    /// <summary>Gets a value indicating whether the model writes the next parameters and state.</summary>
    public bool IsStep { get; }

    /// <summary>Gets the parameters and states whose next values the model writes, each with the output that holds them.</summary>
    public ImmutableArray<(string Tensor, string Output)> Updated { get; }

    public TensorSlot[] Inputs { get; }

    public TensorSlot[] Outputs { get; }

    public int SymbolCount => _symbols.Count;

    /// <summary>User inputs to predictions, logits and boundary tensors, each output once.</summary>
    public static ModelSignature Inference(ArtifactManifest manifest)
    {
        IEnumerable<TensorSpec> boundary = manifest.Boundary
            .Where(b => b.InferenceOutput is not null)
            .Select(b => b.Tensor with { Name = b.InferenceOutput! });
        return new(manifest, ArtifactNames.Inference, manifest.Inputs, manifest.Predictions.Append(manifest.Logits).Concat(boundary).DistinctBy(t => t.Name), isStep: false);
    }

    /// <summary>
    /// Boundary tensors, labels, learning rate, then the seed, whether to update now, and the cached logits where the model takes them; to
    /// loss, metrics and the factors of gradients.
    /// </summary>
    public static ModelSignature Step(ArtifactManifest manifest, bool usesLogits) =>
        new(manifest, usesLogits ? ArtifactNames.TrainStepCached : ArtifactNames.TrainStep, StepInputs(manifest, usesLogits), StepOutputs(manifest), isStep: true);

    /// <summary>The same to loss, metrics, the factors of gradients, the gradients themselves and the labels' weight.</summary>
    public static ModelSignature Gradients(ArtifactManifest manifest, bool usesLogits)
    {
        IEnumerable<TensorSpec> gradients = manifest.Gradients.SelectMany(g => (TensorSpec?[])[g.Gradient, g.Rows]).Append(manifest.LabelWeight).OfType<TensorSpec>();
        return new(
            manifest, usesLogits ? ArtifactNames.GradientsCached : ArtifactNames.Gradients, StepInputs(manifest, usesLogits), StepOutputs(manifest).Concat(gradients), isStep: true, isWhole: false);
    }

    /// <summary>Boundary tensors and labels to loss and metrics.</summary>
    public static ModelSignature Evaluation(ArtifactManifest manifest) =>
        new(manifest, ArtifactNames.Evaluation, [.. manifest.Boundary.Select(b => b.Tensor), manifest.Labels], Measured(manifest), isStep: false);

    private static List<TensorSpec> StepInputs(ArtifactManifest manifest, bool usesLogits)
    {
        List<TensorSpec> inputs = [.. manifest.Boundary.Select(b => b.Tensor), manifest.Labels, new(manifest.LearningRateInput, ElementType.Float32, [])];
        if (manifest.SeedInput is not null)
            inputs.Add(new(manifest.SeedInput, ElementType.Int64, []));
        if (manifest.UpdateNowInput is not null)
            inputs.Add(new(manifest.UpdateNowInput, ElementType.Bool, []));
        if (usesLogits)
            inputs.Add(manifest.Logits);
        return inputs;
    }

    private static IEnumerable<TensorSpec> StepOutputs(ArtifactManifest manifest)
    {
        string[] boundary = [.. manifest.Boundary.Select(b => b.Tensor.Name)];
        IEnumerable<TensorSpec> factors = manifest.GradientFactors.SelectMany(f => (TensorSpec[])[f.Left, f.Right]).Where(t => !boundary.Contains(t.Name)).DistinctBy(t => t.Name);
        return Measured(manifest).Concat(factors);
    }

    private static IEnumerable<TensorSpec> Measured(ArtifactManifest manifest) =>
        [new TensorSpec(manifest.LossOutput, ElementType.Float32, []), .. manifest.Metrics.Select(m => m.Tensor)];
}
