using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Writes the model that measures loss and correctness without training.</summary>
internal static class EvaluationEmission
{
    public static (OnnxModel Model, TensorSpec Labels, ImmutableArray<MetricSpec> Metrics) Emit(
        PreparedModel prepared, IReadOnlyList<string> boundary, ArtifactNaming naming, Loss loss, CancellationToken cancellationToken)
    {
        HeadModel head = HeadModel.Cut(prepared, boundary, loss, naming, cancellationToken);
        OnnxGraph graph = head.Graph;
        new IdentityElimination().Run(head.Model, cancellationToken);
        LossTerms terms = loss.Build(head.Builder, graph.Outputs[0], head.Labels);
        graph.ClearOutputs();
        var metrics = new List<MetricSpec>();
        LossOutputs.AddLoss(graph, terms, naming);
        LossOutputs.AddCounts(graph, terms, naming, metrics);
        LossOutputs.AddRows(graph, terms, head.Labels, naming, metrics);
        new DeadNodeElimination().Run(head.Model, cancellationToken);
        PassSequence.Simplify().Run(head.Model, cancellationToken);
        ModelEmission.Finish(head.Model, "eval", [.. boundary, naming.Labels, .. prepared.Parameters]);
        return (head.Model, TensorDescription.Of(head.Labels), [.. metrics]);
    }
}
