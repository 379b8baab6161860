using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Passes;

/// <summary>Copies the nodes of a subgraph into the graph around it.</summary>
internal static class SubgraphInlining
{
    /// <summary>Tells whether a subgraph can be copied: graphs within it would have to be copied too.</summary>
    public static bool IsPlain(OnnxGraph body) => body.Nodes.All(n => !n.Subgraphs().Any());

    /// <summary>Copies a subgraph once.</summary>
    /// <param name="target">The graph to append to: the one that holds the subgraph's node.</param>
    /// <param name="body">The subgraph, in order and without graphs of its own.</param>
    /// <param name="arguments">What takes the place of its inputs.</param>
    /// <param name="prefix">What the copies' names begin with.</param>
    /// <param name="opset">The version of the default domain.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <returns>What its outputs are now; values from outside where it returns such.</returns>
    public static Value[] Copy(OnnxGraph target, OnnxGraph body, ReadOnlySpan<Value> arguments, string prefix, long opset, CancellationToken cancellationToken = default)
    {
        var map = new Dictionary<Value, Value>();
        for (int i = 0; i < body.Inputs.Count; i++)
            map[body.Inputs[i]] = arguments[i];
        foreach (Value value in body.Initializers)
        {
            if (!map.ContainsKey(value))
                map[value] = target.AddInitializer(target.UniqueName($"{prefix}/{value.Name}"), value.Initializer!);
        }

        foreach (Node node in body.Nodes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (node.Is("Constant") && node.GetTensor("value") is { } tensor)
            {
                map[node.Outputs[0]!] = target.AddInitializer(target.UniqueName($"{prefix}/{node.Outputs[0]!.Name}"), tensor);
                continue;
            }

            Node copy = target.AddNode(
                node.OpType,
                node.Inputs.Select(i => i is null ? null : map.GetValueOrDefault(i, i)),
                node.Outputs.Select(o => o is null ? "" : target.UniqueName($"{prefix}/{o.Name}")),
                node.Attributes,
                node.Domain,
                $"{prefix}/{node.DisplayName}");
            copy.Overload = node.Overload;
            ShapeInference.InferNode(copy, opset);
            for (int o = 0; o < node.Outputs.Count; o++)
            {
                if (node.Outputs[o] is not { } output)
                    continue;
                copy.Outputs[o]!.Type ??= output.Type;
                map[output] = copy.Outputs[o]!;
            }
        }

        return [.. body.Outputs.Select(o => map.GetValueOrDefault(o, o))];
    }
}
