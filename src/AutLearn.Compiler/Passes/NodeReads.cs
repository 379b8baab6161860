using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>What a node reads, also from inside its subgraphs.</summary>
internal static class NodeReads
{
    /// <summary>Lists the values of the node's own graph that it reads; a value may come twice.</summary>
    public static IEnumerable<Value> Of(Node node)
    {
        foreach (Value? input in node.Inputs)
        {
            if (input is not null)
                yield return input;
        }

        foreach (OnnxGraph subgraph in node.Subgraphs())
        {
            foreach (Value value in ReadInside(subgraph))
            {
                if (ReferenceEquals(value.Owner, node.Owner))
                    yield return value;
            }
        }
    }

    private static IEnumerable<Value> ReadInside(OnnxGraph graph) =>
        graph.Outputs
            .Concat(graph.Nodes.SelectMany(n => n.Inputs).OfType<Value>())
            .Concat(graph.Nodes.SelectMany(n => n.Subgraphs()).SelectMany(ReadInside));
}
