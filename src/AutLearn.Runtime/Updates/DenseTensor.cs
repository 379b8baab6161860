using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Updates;

/// <summary>A parameter that is updated as a whole, by the indices of its tensors in a set.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="First">The first state of its rule; below 0 where there is none.</param>
/// <param name="Second">The second state.</param>
/// <param name="Accumulated">The sum of its gradients; below 0 where every call updates.</param>
/// <param name="Gradient">The output of the gradient model.</param>
internal sealed record DenseTensor(int Parameter, int First, int Second, int Accumulated, int Gradient)
{
    public static DenseTensor Of(GradientSpec spec, ArtifactManifest manifest, ModelSignature signature, ParameterSets sets)
    {
        (int first, int second) = UpdateStates.Of(manifest, sets, spec.Parameter);
        return new(
            UpdateStates.IndexOf(sets, spec.Parameter),
            first,
            second,
            manifest.Optimizer.AccumulationSteps is null ? -1 : UpdateStates.Require(manifest, sets, spec.Parameter, "accumulated_gradient"),
            Array.FindIndex(signature.Outputs, o => o.Name == spec.Gradient.Name));
    }

    /// <summary>Tells whether a walk can go over the buffers as they are.</summary>
    public bool IsDirect(ParameterSets sets, RunPlan? plan) =>
        Accumulated < 0 && sets.Buffer(0, Parameter).ElementType == ElementType.Float32 && plan!.Outputs[Gradient]!.ElementType == ElementType.Float32;
}
