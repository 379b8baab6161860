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
                    TakeOver(graph, output, results[o]);
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

    // Readers change over; a graph output keeps its name by an Identity.
    private static void TakeOver(OnnxGraph graph, Value output, Value result)
    {
        if (!output.IsOutput)
        {
            graph.ReplaceAllUses(output, result);
            return;
        }

        string name = output.Name;
        Value own = graph.AddNode("Identity", [result], [graph.UniqueName($"{name}/chosen")]).Outputs[0]!;
        own.Type = output.Type ?? result.Type;
        graph.ReplaceAllUses(output, own);
        graph.Rename(output, graph.UniqueName($"{name}/replaced"));
        graph.Rename(own, name);
    }
}
