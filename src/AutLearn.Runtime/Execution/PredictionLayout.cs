using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Execution;

/// <summary>Where an inference run keeps what the manifest names.</summary>
internal sealed class PredictionLayout
{
    public PredictionLayout(ArtifactManifest manifest, ModelSignature signature)
    {
        Predictions = [.. manifest.Predictions.Select(p => OutputOf(signature, p.Name))];
        Logits = OutputOf(signature, manifest.Logits.Name);
        Boundary = [.. manifest.Boundary.Select(b => b.InferenceOutput is { } output
            ? OutputOf(signature, output)
            : -1 - Array.FindIndex(signature.Inputs, i => i.Name == b.UserInput))];
    }

    public int[] Predictions { get; }

    public int Logits { get; }

    /// <summary>Gets the output of each boundary tensor, or -1 - i where it is the i-th user input.</summary>
    public int[] Boundary { get; }

    private static int OutputOf(ModelSignature signature, string name) => Array.FindIndex(signature.Outputs, o => o.Name == name);
}
