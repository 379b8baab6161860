using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Lets a Gemm read a trained weight as it is stored where a MatMul reads it transposed, as linear layers without bias are exported.</summary>
internal sealed class TransposedWeights : IPass
{
    public string Name => "transposed-weights";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node product in graph.Nodes.Where(n => n.Is("MatMul")).ToArray())
        {
            if (product.Input(0)?.Shape is not { Rank: 2 } || product.Input(1)?.Producer is not { } transpose || !transpose.Is("Transpose")
                || transpose.Input(0) is not { IsInput: true, Shape.Rank: 2 } weight || transpose.GetInts("perm") is { } permutation && permutation is not [1, 0])
            {
                continue;
            }

            Value old = product.Outputs[0]!;
            Value result = graph.AddNode("Gemm", [product.Inputs[0], weight], [graph.UniqueName(old.Name)], [new("transB", AttributeValue.Of(1L))], name: product.Name).Outputs[0]!;
            result.Type = old.Type;
            string name = old.Name;
            graph.ReplaceAllUses(old, result);
            graph.Remove(product);
            graph.Rename(result, name);
            modified = true;
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }
}
