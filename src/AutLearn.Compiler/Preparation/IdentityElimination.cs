using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Removes Identity nodes and Dropout nodes, which do nothing in inference.</summary>
/// <remarks>A Dropout stays where its mask is read or it is switched on by its own input.</remarks>
internal sealed class IdentityElimination : IPass
{
    private readonly IReadOnlySet<Node> _kept;

    /// <summary>Creates the pass.</summary>
    /// <param name="kept">Nodes to leave alone.</param>
    public IdentityElimination(IReadOnlySet<Node>? kept = null) => _kept = kept ?? new HashSet<Node>();

    public string Name => "identities";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (!_kept.Contains(node) && IsIdentity(node) && Remove(graph, node))
                modified = true;
        }

        return modified;
    }

    private static bool IsIdentity(Node node)
    {
        if (node.Input(0) is not { } input || node.Output(0) is null || !ReferenceEquals(input.Owner, node.Owner))
            return false;
        if (node.Is("Identity"))
            return true;
        return node.Is("Dropout")
            && node.Output(1) is null or { Uses.Count: 0, IsOutput: false }
            && node.Input(2) is null or { IsConstant: true, Initializer: { ElementType: ElementType.Bool, Count: 1 } }
            && (node.Input(2) is null || !node.Input(2)!.Initializer!.Span<bool>()[0]);
    }

    private static bool Remove(OnnxGraph graph, Node node)
    {
        Value input = node.Inputs[0]!;
        Value output = node.Outputs[0]!;
        bool isOutput = output.IsOutput;
        if (isOutput && (input.Producer is null || input.IsOutput))
            return false;
        string name = output.Name;
        input.Type ??= output.Type;
        graph.ReplaceAllUses(output, input);
        graph.Remove(node);
        if (isOutput)
            graph.Rename(input, name);
        return true;
    }
}
