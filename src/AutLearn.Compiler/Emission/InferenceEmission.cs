using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>Writes the model that serves the user and fills the cache.</summary>
internal static class InferenceEmission
{
    public static OnnxModel Emit(PreparedModel prepared, IReadOnlyList<string> boundary, CancellationToken cancellationToken = default)
    {
        OnnxGraph whole = prepared.Model.Graph;
        string[] wanted = [.. prepared.Predictions, prepared.Scores, .. boundary.Where(b => !prepared.IsUserInput(b))];
        OnnxModel model = prepared.Model.Cut([], [.. wanted.Distinct(StringComparer.Ordinal).Select(n => whole.Find(n)!)]);
        new IdentityElimination().Run(model, cancellationToken);
        PassSequence.Simplify().Run(model, cancellationToken);
        return ModelEmission.Finish(model, "inference", prepared.UserInputs.Concat(prepared.Parameters));
    }

    /// <summary>Writes what determines the boundary tensors alone, for its hash.</summary>
    public static OnnxModel EmitBackbone(PreparedModel prepared, IReadOnlyList<string> boundary)
    {
        OnnxGraph whole = prepared.Model.Graph;
        OnnxModel model = prepared.Model.Cut([], [.. boundary.Select(n => whole.Find(n)!)]);
        return ModelEmission.Finish(model, "backbone", prepared.UserInputs);
    }
}
