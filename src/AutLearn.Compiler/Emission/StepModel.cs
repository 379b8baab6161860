using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>An emitted step model with what the manifest says about it.</summary>
/// <param name="Model">The model.</param>
/// <param name="State">The optimizer state.</param>
/// <param name="SeedInput">The seed's name, or null.</param>
/// <param name="Metrics">Outputs beside the loss.</param>
/// <param name="Factors">Gradients that are products of small matrices.</param>
internal sealed record StepModel(OnnxModel Model, ImmutableArray<StateSpec> State, string? SeedInput, ImmutableArray<MetricSpec> Metrics, ImmutableArray<GradientFactorsSpec> Factors)
{
    /// <summary>Gets the gradients that are outputs in place of next parameters.</summary>
    public ImmutableArray<GradientSpec> Gradients { get; init; } = [];

    /// <summary>Gets the output that tells what those are a mean over; null where every call updates.</summary>
    public TensorSpec? LabelWeight { get; init; }
}
