using AutLearn.Graph;

namespace AutLearn.Testing.Gradients;

/// <summary>The one table of tolerances for gradients, by element type.</summary>
/// <param name="Step">The step of the central differences.</param>
/// <param name="Differences">Largest error against central differences, relative to the larger of the directional derivative and 1.</param>
/// <param name="Reference">Largest error against libtorch, relative to the larger of the largest reference element and 1.</param>
/// <param name="SameGraph">Largest error between two ways to run the same graph, relative likewise.</param>
public sealed record GradientTolerance(double Step, double Differences, double Reference, double SameGraph)
{
    /// <summary>Gets the row of an element type.</summary>
    public static GradientTolerance Of(ElementType type) => type switch
    {
        ElementType.Float64 => new(Step: 1e-3, Differences: 1e-6, Reference: 1e-9, SameGraph: 1e-12),
        ElementType.Float32 => new(Step: 2e-2, Differences: 1e-3, Reference: 2e-5, SameGraph: 1e-5),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Gradients are checked in Float32 or Float64."),
    };
}
