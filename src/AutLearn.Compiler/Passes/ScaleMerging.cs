using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Scales once instead of several times, and before a sum where the scaled terms exist anyway.</summary>
/// <remarks>
/// (x a) b with scalars a and b becomes x (a b), or x (b / c) where a = 1 / c. sum(x) a, where something else reads x a, becomes sum(x a).
/// A sum that keeps its axes and then drops them drops them at once.
/// </remarks>
internal sealed class ScaleMerging : IPass
{
    public string Name => "scale-merging";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Is("Squeeze"))
                modified |= DropAxesAtOnce(graph, node);
        }

        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Is("Mul"))
                modified |= ScaleBeforeSum(graph, node, model);
        }

        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Is("Mul"))
                modified |= MergeScalars(graph, node, model);
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }

    private static bool DropAxesAtOnce(OnnxGraph graph, Node squeeze)
    {
        if (squeeze.Input(0) is not { Uses.Count: 1, IsOutput: false, Producer: { } sum } || !sum.Is("ReduceSum") || sum.GetInt("keepdims", 1) == 0
            || sum.Input(1) is not { } axes || !ReferenceEquals(axes, squeeze.Input(1)))
        {
            return false;
        }

        sum.SetAttribute("keepdims", AttributeValue.Of(0L));
        TakeOver(graph, squeeze, sum.Outputs[0]!);
        return true;
    }

    private static bool ScaleBeforeSum(OnnxGraph graph, Node scaling, OnnxModel model)
    {
        if (Factors(scaling) is not var (summed, scale) || summed is not { Uses.Count: 1, IsOutput: false, Producer: { } sum } || !sum.Is("ReduceSum"))
            return false;
        Value terms = sum.Inputs[0]!;
        foreach (ValueUse use in terms.Uses)
        {
            if (ReferenceEquals(use.Node.Owner, graph) && use.Node.Is("Mul") && Factors(use.Node) is var (x, other) && ReferenceEquals(x, terms) && ReferenceEquals(other, scale))
            {
                var builder = new GraphBuilder(graph, model.Opset) { NameStem = sum.DisplayName };
                (string, AttributeValue)[] attributes = [.. sum.Attributes.Select(a => (a.Key, a.Value))];
                Value result = builder.Op("ReduceSum", [use.Node.Outputs[0]!, sum.Input(1)], attributes);
                result.Type ??= scaling.Outputs[0]!.Type;
                TakeOver(graph, scaling, result);
                return true;
            }
        }

        return false;
    }

    private static bool MergeScalars(OnnxGraph graph, Node scaling, OnnxModel model)
    {
        if (Factors(scaling) is not var (inner, outerScale) || inner is not { Uses.Count: 1, IsOutput: false, Producer: { } product } || !product.Is("Mul")
            || Factors(product) is not var (x, innerScale))
        {
            return false;
        }

        var builder = new GraphBuilder(graph, model.Opset) { NameStem = "scale" };
        Value scale = innerScale.Producer is { } inverse && inverse.Is("Reciprocal")
            ? builder.Div(outerScale, inverse.Inputs[0]!)
            : builder.Mul(innerScale, outerScale);
        Value result = builder.Mul(x, scale);
        result.Type = scaling.Outputs[0]!.Type;
        TakeOver(graph, scaling, result);
        return true;
    }

    // The factors of a product with a scalar; null where neither or both are scalars.
    private static (Value X, Value Scale)? Factors(Node product)
    {
        Value a = product.Inputs[0]!, b = product.Inputs[1]!;
        return (a.Shape, b.Shape) switch
        {
            ({ Rank: > 0 }, { Rank: 0 }) => (a, b),
            ({ Rank: 0 }, { Rank: > 0 }) => (b, a),
            _ => null,
        };
    }

    private static void TakeOver(OnnxGraph graph, Node node, Value replacement)
    {
        Value old = node.Outputs[0]!;
        string name = old.Name;
        bool isOutput = old.IsOutput;
        replacement.Type = old.Type;
        graph.ReplaceAllUses(old, replacement);
        graph.Remove(node);
        if (isOutput)
            graph.Rename(replacement, name);
    }
}
