using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts;

/// <summary>A named tensor of the artifacts.</summary>
/// <param name="Name">The input or output name.</param>
/// <param name="ElementType">The element type.</param>
/// <param name="Shape">Each dimension as a number or a symbol, as text: <c>["N","3","224","224"]</c>.</param>
public sealed record TensorSpec(string Name, ElementType ElementType, ImmutableArray<string> Shape);
