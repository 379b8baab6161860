using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Lets the matrix product that computes a gradient add to the weights (or the momentum) at once, which saves passes over them.</summary>
/// <remarks>
/// W - s G with G = op(A) op(B) becomes Gemm(A, s B, W, alpha = -1): the smaller factor is scaled instead of the product.
/// G + m V with a constant m becomes Gemm(A, B, V, beta = m), and the sum of two products of rows the second on top of the first.
/// Only where nothing else reads G.
/// </remarks>
internal sealed class UpdateFusion : IPass
{
    public string Name => "update-fusion";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Is("Sub"))
                modified |= FuseDescent(graph, node);
            else if (node.Is("Add"))
                modified |= FuseSum(graph, node, 0) || FuseSum(graph, node, 1);
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }

    private static bool FuseDescent(OnnxGraph graph, Node difference)
    {
        if (difference.Input(0) is not { } kept || difference.Input(1) is not { Uses.Count: 1, IsOutput: false, Producer: { } scaling } || !scaling.Is("Mul"))
            return false;
        for (int i = 0; i < 2; i++)
        {
            Value gradient = scaling.Inputs[i]!;
            Value scale = scaling.Inputs[1 - i]!;
            if (scale.Shape is not { Rank: 0 } || ProductOf(gradient, kept) is not { } product)
                continue;
            Value a = product.Inputs[0]!, b = product.Inputs[1]!;
            bool scalesA = SizeOf(a) <= SizeOf(b);
            Value small = scalesA ? a : b;
            Value scaled = graph.AddNode("Mul", [small, scale], [graph.UniqueName($"{small.Name}/scaled")]).Outputs[0]!;
            scaled.Type = small.Type;
            Replace(graph, difference, product, scalesA ? scaled : a, scalesA ? b : scaled, kept, -product.GetFloat("alpha", 1), 1);
            return true;
        }

        return false;
    }

    private static bool FuseSum(OnnxGraph graph, Node sum, int gradientIndex)
    {
        if (sum.Input(gradientIndex) is not { } gradient || sum.Input(1 - gradientIndex) is not { } other || ProductOf(gradient, other) is not { } product)
            return false;
        float beta = 1;
        if (other is { Uses.Count: 1, IsOutput: false, Producer: { } scaling } && scaling.Is("Mul"))
        {
            for (int i = 0; i < 2; i++)
            {
                if (scaling.Inputs[1 - i] is { IsConstant: true, Initializer: { ElementType: ElementType.Float32, Count: 1 } factor, Shape.Rank: 0 })
                {
                    other = scaling.Inputs[i]!;
                    beta = factor.Span<float>()[0];
                    break;
                }
            }
        }

        Replace(graph, sum, product, product.Inputs[0]!, product.Inputs[1]!, other, product.GetFloat("alpha", 1), beta);
        return true;
    }

    // A product that only this update reads, of the very shape of what it is added to. A batch of rows may be added to weights only, or
    // to such a product.
    private static Node? ProductOf(Value gradient, Value target) =>
        gradient is { Uses.Count: 1, IsOutput: false, Producer: { } product } && product.Is("Gemm") && product.Input(2) is null
        && gradient.Shape is { Rank: 2 } shape && shape.Equals(target.Shape)
        && (shape.IsStatic || (target.Producer is { } other && other.Is("Gemm") && shape.All(d => d.IsKnown || d.Symbol is not null)))
        && gradient.ElementType == target.ElementType
            ? product
            : null;

    private static void Replace(OnnxGraph graph, Node update, Node product, Value a, Value b, Value c, float alpha, float beta)
    {
        Value old = update.Outputs[0]!;
        Node fused = graph.AddNode(
            "Gemm",
            [a, b, c],
            [graph.UniqueName($"{old.Name}/fused")],
            [
                new("alpha", AttributeValue.Of(alpha)),
                new("beta", AttributeValue.Of(beta)),
                new("transA", AttributeValue.Of(product.GetInt("transA", 0))),
                new("transB", AttributeValue.Of(product.GetInt("transB", 0))),
            ]);
        Value result = fused.Outputs[0]!;
        result.Type = old.Type;
        string name = old.Name;
        graph.ReplaceAllUses(old, result);
        graph.Remove(update);
        graph.Rename(result, name);
    }

    // Symbolic sizes (the batch) are the same in both factors, so they do not matter for the comparison.
    private static long SizeOf(Value value) => value.Shape!.Aggregate(1L, (a, d) => d.IsKnown ? checked(a * d.Size) : a);
}
