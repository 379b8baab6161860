using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Replaces an If whose condition is known by the branch that it takes.</summary>
/// <remarks>Exporters write an If about sizes that only inference knows, such as whether an axis can be squeezed.</remarks>
internal sealed class BranchSelection : IPass
{
    public string Name => "branch-selection";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.Where(n => n.Is("If")).ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Chosen(node) is not { } branch || !SubgraphInlining.IsPlain(branch) || branch.Outputs.Count < node.Outputs.Count)
                continue;
            Value[] results = SubgraphInlining.Copy(graph, branch, [], node.DisplayName, model.Opset, cancellationToken);
            for (int o = 0; o < node.Outputs.Count; o++)
            {
                if (node.Outputs[o] is { } output)
                    ValueReplacement.TakeOver(graph, output, results[o]);
            }

            graph.Remove(node);
            modified = true;
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }

    private static OnnxGraph? Chosen(Node node)
    {
        if (node.Input(0) is not { IsConstant: true, Initializer: { ElementType: ElementType.Bool, Count: 1 } condition })
            return null;
        return node.Attributes.TryGetValue(condition.Span<bool>()[0] ? "then_branch" : "else_branch", out AttributeValue? branch) && branch.Kind == AttributeKind.Graph
            ? branch.Graph
            : null;
    }
}
