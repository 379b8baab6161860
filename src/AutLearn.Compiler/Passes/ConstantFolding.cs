using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Computes what depends on constants or on known sizes alone.</summary>
/// <remarks>Only results that are not much larger than what they were computed from are folded, so a model does not grow on disk.</remarks>
internal sealed class ConstantFolding : IPass
{
    private const long AlwaysFoldedBytes = 1 << 16;

    public string Name => "constant-folding";

    public bool Run(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        var outputs = new HashSet<Value>(graph.Outputs);
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Outputs.Count != 1 || node.Outputs[0] is not { } output || outputs.Contains(output))
                continue;
            long limit = Math.Max(AlwaysFoldedBytes, node.Inputs.Sum(i => (long)(i?.Initializer?.Bytes.Length ?? 0)));
            if (ConstantEvaluator.Evaluate(node, limit) is not { } tensor)
                continue;
            Value constant = graph.AddInitializer(graph.UniqueName(output.Name), tensor);
            graph.ReplaceAllUses(output, constant);
            string name = output.Name;
            graph.Remove(node);
            graph.Rename(constant, name);
            modified = true;
        }

        return modified;
    }
}
