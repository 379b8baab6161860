using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Parameters;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Execution;

/// <summary>A session whose inputs and outputs are checked against the manifest.</summary>
internal sealed class LoadedModel : IDisposable
{
    public LoadedModel(InferenceSession session, ModelSignature signature, ArtifactManifest manifest, ParameterSets sets)
    {
        Session = session;
        Signature = signature;
        var expected = new Dictionary<string, ElementType>(StringComparer.Ordinal);
        foreach (TensorSlot slot in signature.Inputs)
            expected[slot.Name] = slot.ElementType;
        IEnumerable<TensorSpec> parameters = manifest.Parameters.Select(p => p.Tensor);
        foreach (TensorSpec spec in signature.IsStep ? parameters.Concat(manifest.OptimizerState.Select(s => s.Tensor)) : parameters)
            expected.TryAdd(spec.Name, spec.ElementType);
        foreach ((string name, NodeMetadata input) in session.InputMetadata)
        {
            if (!expected.TryGetValue(name, out ElementType type))
                throw Mismatch($"it takes the input '{name}', which the manifest does not describe");
            if (!input.IsTensor || OrtTensors.ElementTypeOf(input.ElementDataType) != type)
                throw Mismatch($"its input '{name}' does not hold {type}, as the manifest says");
        }

        ParameterInputs = [.. expected.Keys.Where(n => HasInput(n) && sets.TryGetIndex(n, out _)).Select(n => (n, IndexOf(sets, n)))];
        UpdatedOutputs = [.. signature.Updated.Select(u => (u.Output, IndexOf(sets, u.Tensor)))];
        CheckOutputs(manifest);
    }

    public InferenceSession Session { get; }

    public ModelSignature Signature { get; }

    /// <summary>Gets the model's inputs that are parameters or state, with their index in a set.</summary>
    public (string Name, int Index)[] ParameterInputs { get; }

    /// <summary>Gets the model's outputs that are the next parameters or state, with their index in a set.</summary>
    public (string Name, int Index)[] UpdatedOutputs { get; }

    public bool HasInput(string name) => Session.InputMetadata.ContainsKey(name);

    public bool HasOutput(string name) => Session.OutputMetadata.ContainsKey(name);

    public void Dispose() => Session.Dispose();

    private static int IndexOf(ParameterSets sets, string name) => sets.TryGetIndex(name, out int index) ? index : -1;

    private void CheckOutputs(ArtifactManifest manifest)
    {
        foreach ((string name, _) in UpdatedOutputs)
        {
            if (!HasOutput(name))
                throw Mismatch($"it has no output '{name}' for an updated parameter or state");
        }

        foreach (TensorSlot slot in Signature.Outputs)
        {
            bool mayLack = manifest.Metrics.Any(m => m.Tensor.Name == slot.Name) || manifest.GradientFactors.Any(f => f.Left.Name == slot.Name || f.Right.Name == slot.Name);
            if (!Session.OutputMetadata.TryGetValue(slot.Name, out NodeMetadata? output))
            {
                if (!mayLack)
                    throw Mismatch($"it has no output '{slot.Name}'");
            }
            else if (!output.IsTensor || OrtTensors.ElementTypeOf(output.ElementDataType) != slot.ElementType)
            {
                throw Mismatch($"its output '{slot.Name}' does not hold {slot.ElementType}, as the manifest says");
            }
        }

        string? unknown = Session.OutputMetadata.Keys.FirstOrDefault(n => Signature.Outputs.All(o => o.Name != n) && UpdatedOutputs.All(u => u.Name != n));
        if (unknown is not null)
            throw Mismatch($"it has the output '{unknown}', which the manifest does not describe");
    }

    private InvalidArtifactException Mismatch(string what) =>
        new($"Model '{Signature.File}' does not fit its manifest: {what}. Compile the model again.") { File = Signature.File };
}
