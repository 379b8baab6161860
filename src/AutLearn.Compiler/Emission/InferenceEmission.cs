using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>Writes the model that serves the user and fills the cache.</summary>
internal static class InferenceEmission
{
    public static OnnxModel Emit(PreparedModel prepared, IReadOnlyList<string> boundary, CancellationToken cancellationToken = default)
    {
        OnnxModel model = prepared.Model.Clone();
        OnnxGraph graph = model.Graph;
        ModelEmission.ClearOutputs(graph);
        string[] wanted = [.. prepared.Predictions, prepared.Scores, .. boundary.Where(b => !prepared.UserInputs.Contains(b))];
        foreach (string name in wanted.Distinct(StringComparer.Ordinal))
            graph.AddOutput(graph.Find(name)!);
        new IdentityElimination().Run(model, cancellationToken);
        PassSequence.Simplify().Run(model, cancellationToken);
        return ModelEmission.Finish(model, "inference", prepared.UserInputs.Concat(prepared.Parameters));
    }

    /// <summary>Writes what determines the boundary tensors alone, for its hash.</summary>
    public static OnnxModel EmitBackbone(PreparedModel prepared, IReadOnlyList<string> boundary)
    {
        OnnxModel model = prepared.Model.Clone();
        OnnxGraph graph = model.Graph;
        ModelEmission.ClearOutputs(graph);
        foreach (string name in boundary)
            graph.AddOutput(graph.Find(name)!);
        return ModelEmission.Finish(model, "backbone", prepared.UserInputs);
    }
}
