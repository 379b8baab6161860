using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Gives the probabilities that a ZipMap wraps into a dictionary a row as the tensor that they are, [N, classes] under the output's name.</summary>
/// <remarks>Converters of scikit-learn write a ZipMap (ai.onnx.ml) by default. No other operator reads its output.</remarks>
internal sealed class ZipMapElimination : IPass
{
    public string Name => "zip-map";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.Where(n => n is { Domain: "ai.onnx.ml", OpType: "ZipMap" }).ToArray())
        {
            if (node.Input(0) is not { } probabilities || node.Output(0) is not { } map || !ReferenceEquals(probabilities.Owner, graph))
                continue;
            Value tensor = graph.AddNode("Identity", [probabilities], [graph.UniqueName($"{map.Name}/tensor")], name: node.Name).Outputs[0]!;
            tensor.Type = probabilities.Type;
            string name = map.Name;
            graph.ReplaceAllUses(map, tensor);
            graph.Remove(node);
            graph.Rename(tensor, name);
            modified = true;
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }
}
