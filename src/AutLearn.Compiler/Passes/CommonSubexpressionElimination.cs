using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Merges nodes that compute the same from the same inputs, and constants that are equal.</summary>
/// <remarks>Random operators, operators with subgraphs and operators outside the default domain are left alone.</remarks>
internal sealed class CommonSubexpressionElimination : IPass
{
    public string Name => "common-subexpressions";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        bool modified = MergeConstants(graph);
        var outputs = new HashSet<Value>(graph.Outputs);
        var seen = new Dictionary<int, List<Node>>();
        var merged = new HashSet<Node>();
        foreach (Node node in graph.Nodes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!IsPure(node))
                continue;
            int hash = HashOf(node);
            if (!seen.TryGetValue(hash, out List<Node>? alike))
                seen.Add(hash, alike = []);
            Node? same = alike.Find(n => AreSame(n, node));
            if (same is null || node.Outputs.Any(o => o is not null && outputs.Contains(o)))
            {
                alike.Add(node);
                continue;
            }

            for (int i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i] is { } output)
                    graph.ReplaceAllUses(output, same.Outputs[i]!);
            }

            merged.Add(node);
        }

        if (merged.Count > 0)
            graph.RemoveAll(merged);
        return modified || merged.Count > 0;
    }

    internal static bool IsPure(Node node) =>
        node.Domain.Length == 0
        && !node.Subgraphs().Any()
        && node.OpType is not ("RandomNormal" or "RandomNormalLike" or "RandomUniform" or "RandomUniformLike" or "Multinomial" or "Bernoulli" or "Dropout");

    private static bool MergeConstants(OnnxGraph graph)
    {
        var outputs = new HashSet<Value>(graph.Outputs);
        var seen = new Dictionary<int, List<Value>>();
        var merged = new List<Value>();
        foreach (Value value in graph.Initializers.Where(v => v.IsConstant))
        {
            Tensor tensor = value.Initializer!;
            int hash = tensor.ContentHash();
            if (!seen.TryGetValue(hash, out List<Value>? alike))
                seen.Add(hash, alike = []);
            Value? same = alike.Find(v => v.Initializer!.ContentEquals(tensor));
            if (same is null || outputs.Contains(value))
            {
                alike.Add(value);
                continue;
            }

            graph.ReplaceAllUses(value, same);
            merged.Add(value);
        }

        foreach (Value value in merged)
            graph.Remove(value);
        return merged.Count > 0;
    }

    private static int HashOf(Node node)
    {
        var hash = default(HashCode);
        hash.Add(node.OpType, StringComparer.Ordinal);
        foreach (Value? input in node.Inputs)
            hash.Add(input);
        foreach ((string name, AttributeValue value) in node.Attributes)
        {
            hash.Add(name, StringComparer.Ordinal);
            hash.Add(value.ContentHash());
        }

        return hash.ToHashCode();
    }

    private static bool AreSame(Node a, Node b)
    {
        if (a.OpType != b.OpType || a.Inputs.Count != b.Inputs.Count || a.Outputs.Count < b.Outputs.Count || a.Attributes.Count != b.Attributes.Count)
            return false;
        for (int i = 0; i < a.Inputs.Count; i++)
        {
            if (!ReferenceEquals(a.Inputs[i], b.Inputs[i]))
                return false;
        }

        // The kept node must offer every output that the other one has.
        for (int i = 0; i < b.Outputs.Count; i++)
        {
            if (b.Outputs[i] is not null && a.Outputs[i] is null)
                return false;
        }

        return a.Attributes.All(p => b.Attributes.TryGetValue(p.Key, out AttributeValue? other) && p.Value.ContentEquals(other));
    }
}
