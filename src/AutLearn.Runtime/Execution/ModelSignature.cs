using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Execution;

/// <summary>What one model of the artifacts reads and writes besides parameters and optimizer state.</summary>
internal sealed class ModelSignature
{
    private readonly List<string> _symbols;

    private ModelSignature(ArtifactManifest manifest, string file, IEnumerable<TensorSpec> inputs, IEnumerable<TensorSpec> outputs, bool isStep)
    {
        File = file;
        IsStep = isStep;
        // The batch comes first, so that symbol 0 is the number of rows.
        _symbols = [manifest.BatchSymbol];
        Inputs = [.. inputs.Select(i => new TensorSlot(i, _symbols, mayAddSymbols: true))];
        Outputs = [.. outputs.Select(o => new TensorSlot(o, _symbols, mayAddSymbols: false))];
    }

    public string File { get; }

    /// <summary>Gets a value indicating whether the model writes the next parameters and state.</summary>
    public bool IsStep { get; }

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
    public static ModelSignature Step(ArtifactManifest manifest, bool usesLogits)
    {
        List<TensorSpec> inputs = [.. manifest.Boundary.Select(b => b.Tensor), manifest.Labels, new(manifest.LearningRateInput, ElementType.Float32, [])];
        if (manifest.SeedInput is not null)
            inputs.Add(new(manifest.SeedInput, ElementType.Int64, []));
        if (manifest.UpdateNowInput is not null)
            inputs.Add(new(manifest.UpdateNowInput, ElementType.Bool, []));
        if (usesLogits)
            inputs.Add(manifest.Logits);
        string[] boundary = [.. manifest.Boundary.Select(b => b.Tensor.Name)];
        IEnumerable<TensorSpec> factors = manifest.GradientFactors.SelectMany(f => (TensorSpec[])[f.Left, f.Right]).Where(t => !boundary.Contains(t.Name)).DistinctBy(t => t.Name);
        return new(manifest, usesLogits ? ArtifactNames.TrainStepCached : ArtifactNames.TrainStep, inputs, Measured(manifest).Concat(factors), isStep: true);
    }

    /// <summary>Boundary tensors and labels to loss and metrics.</summary>
    public static ModelSignature Evaluation(ArtifactManifest manifest) =>
        new(manifest, ArtifactNames.Evaluation, [.. manifest.Boundary.Select(b => b.Tensor), manifest.Labels], Measured(manifest), isStep: false);

    private static IEnumerable<TensorSpec> Measured(ArtifactManifest manifest) =>
        [new TensorSpec(manifest.LossOutput, ElementType.Float32, []), .. manifest.Metrics.Select(m => m.Tensor)];
}
