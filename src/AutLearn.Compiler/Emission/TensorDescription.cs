using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Describes values for the manifest.</summary>
internal static class TensorDescription
{
    /// <summary>Describes an output that nothing but the app reads.</summary>
    public static TensorSpec OfPrediction(Value value) => value.ElementType == ElementType.Undefined
        ? throw new InvalidModelException($"The type of output '{value.Name}' cannot be inferred. Declare it in the model.")
        : value.Shape is null ? TensorSpec.OfAnyRank(value.Name, value.ElementType) : Of(value);

    public static TensorSpec Of(Value value) => new(
        value.Name,
        value.ElementType,
        [.. (value.Shape ?? throw new InvalidModelException($"The rank of '{value.Name}' cannot be inferred. Declare the shapes of the model's inputs.")).Select(d => d.ToString())]);
}
