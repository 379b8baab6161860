using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Lets a matrix product scale its result itself: c (alpha A B) becomes (c alpha) A B, which costs no pass over the result.</summary>
/// <remarks>Only constant factors of at most 1, so that nothing overflows that did not before, and only where nothing else reads the product.</remarks>
internal sealed class ProductScaling : IPass
{
    public string Name => "product-scaling";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Is("Mul"))
                modified |= Scale(graph, node, 0) || Scale(graph, node, 1);
        }

        return modified;
    }

    private static bool Scale(OnnxGraph graph, Node scaling, int factorIndex)
    {
        if (scaling.Inputs[factorIndex] is not { IsConstant: true, Initializer: { ElementType: ElementType.Float32, Count: 1 } factor, Shape.Rank: 0 }
            || scaling.Inputs[1 - factorIndex] is not { Uses.Count: 1, IsOutput: false, ElementType: ElementType.Float32, Producer: { } product }
            || !product.Is("Gemm") || product.Input(2) is not null || MathF.Abs(factor.Span<float>()[0]) > 1)
        {
            return false;
        }

        product.SetAttribute("alpha", AttributeValue.Of(product.GetFloat("alpha", 1) * factor.Span<float>()[0]));
        Value old = scaling.Outputs[0]!, result = product.Outputs[0]!;
        string name = old.Name;
        bool isOutput = old.IsOutput;
        graph.ReplaceAllUses(old, result);
        graph.Remove(scaling);
        if (isOutput)
            graph.Rename(result, name);
        return true;
    }
}
