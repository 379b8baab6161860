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
            if (node.Input(0) is not { IsConstant: true, Initializer: { ElementType: ElementType.Bool, Count: 1 } condition })
                continue;
            Take(node, condition.Span<bool>()[0]);
            modified = true;
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }

    /// <summary>Puts a branch in the place of its If; the graph is not sorted.</summary>
    /// <exception cref="InvalidModelException">The node has no such branch, or one with fewer outputs than itself.</exception>
    public static void Take(Node node, bool isTrue)
    {
        string attribute = isTrue ? "then_branch" : "else_branch";
        if (!node.Attributes.TryGetValue(attribute, out AttributeValue? branch) || branch.Kind != AttributeKind.Graph || branch.Graph.Outputs.Count < node.Outputs.Count)
            throw new InvalidModelException($"Node '{node.DisplayName}' (If) has no {attribute} with as many outputs as itself.") { NodeName = node.DisplayName };
        OnnxGraph graph = node.Owner;
        IReadOnlyList<Value> results = graph.Inline(branch.Graph);
        for (int o = 0; o < node.Outputs.Count; o++)
        {
            if (node.Outputs[o] is { } output)
                ValueReplacement.TakeOver(graph, output, results[o]);
        }

        graph.Remove(node);
    }
}
