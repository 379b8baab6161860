using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Describes values for the manifest.</summary>
internal static class TensorDescription
{
    public static TensorSpec Of(Value value) => new(
        value.Name,
        value.ElementType,
        [.. (value.Shape ?? throw new InvalidModelException($"The rank of '{value.Name}' cannot be inferred. Declare the shapes of the model's inputs.")).Select(d => d.ToString())]);
}
