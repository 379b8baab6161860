using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Adds a loss's outputs to a model and to the manifest.</summary>
internal static class LossOutputs
{
    public static void AddLoss(OnnxGraph graph, LossTerms terms, ArtifactNaming naming)
    {
        Value loss = terms.Loss;
        if (loss.ElementType != ElementType.Float32)
            loss = graph.AddNode("Cast", [loss], [graph.UniqueName("loss/float")], [new("to", AttributeValue.Of((long)ElementType.Float32))]).Outputs[0]!;
        ModelEmission.AddOutput(graph, loss, naming.Loss, new TensorType(ElementType.Float32, Shape.Scalar));
    }

    public static void AddCounts(OnnxGraph graph, LossTerms terms, ArtifactNaming naming, List<MetricSpec> metrics)
    {
        if (terms.CorrectCount is not null)
            Add(graph, terms.CorrectCount, naming.CorrectCount, "correct_count", metrics);
        Add(graph, terms.LabelCount, naming.LabelCount, "label_count", metrics);
    }

    public static void AddRows(OnnxGraph graph, LossTerms terms, Value labels, ArtifactNaming naming, List<MetricSpec> metrics)
    {
        if (terms.CorrectRows is null)
            return;
        Value rows = ModelEmission.AddOutput(graph, terms.CorrectRows, naming.CorrectRows, new TensorType(ElementType.Bool, labels.Shape));
        metrics.Add(new(TensorDescription.Of(rows), "correct_rows"));
    }

    private static void Add(OnnxGraph graph, Value count, string name, string kind, List<MetricSpec> metrics)
    {
        ModelEmission.AddOutput(graph, count, name, new TensorType(ElementType.Int64, Shape.Scalar));
        metrics.Add(new(new(name, ElementType.Int64, []), kind));
    }
}
