using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Updates;

/// <summary>Finds the states that an optimizer keeps of a parameter.</summary>
internal static class UpdateStates
{
    /// <summary>Gets the states in the order in which the optimizer's rule takes them.</summary>
    /// <exception cref="InvalidArtifactException">The manifest lacks one.</exception>
    public static (int First, int Second) Of(ArtifactManifest manifest, ParameterSets sets, string parameter)
    {
        string[] slots = manifest.Optimizer switch
        {
            { Kind: "sgd", Momentum: > 0 } => ["momentum"],
            { Kind: "adam" or "adamw" } => ["exp_avg", "exp_avg_sq"],
            { Kind: "adagrad" } => ["sum"],
            { Kind: "rmsprop", Momentum: > 0 } => ["square_avg", "momentum"],
            { Kind: "rmsprop" } => ["square_avg"],
            _ => [],
        };
        int[] found = [.. slots.Select(s => Require(manifest, sets, parameter, s))];
        return (found.ElementAtOrDefault(0, -1), found.ElementAtOrDefault(1, -1));
    }

    public static int Require(ArtifactManifest manifest, ParameterSets sets, string? parameter, string slot) =>
        Find(manifest, sets, parameter, slot) is >= 0 and var index && (parameter is null || Fits(sets, parameter, index))
            ? index
            : throw new InvalidArtifactException($"The manifest has no usable optimizer state '{slot}'{(parameter is null ? "" : $" of '{parameter}'")}, which {manifest.Optimizer.Kind} needs. Compile the model again.") { File = ArtifactNames.Manifest };

    public static int Find(ArtifactManifest manifest, ParameterSets sets, string? parameter, string slot) =>
        manifest.OptimizerState.FirstOrDefault(s => s.Parameter == parameter && s.Slot == slot) is { } state ? IndexOf(sets, state.Tensor.Name) : -1;

    public static int IndexOf(ParameterSets sets, string name) => sets.TryGetIndex(name, out int index) ? index : -1;

    private static bool Fits(ParameterSets sets, string parameter, int state) =>
        sets.Buffer(0, state) is { ElementType: ElementType.Float32 } buffer && buffer.Count == sets.Buffer(0, IndexOf(sets, parameter)).Count;

    private static int ElementAtOrDefault(this int[] values, int index, int fallback) => index < values.Length ? values[index] : fallback;
}
