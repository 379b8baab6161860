namespace AutLearn.Graph;

/// <summary>The order of a graph's nodes: each must stand after what it, or a subgraph of it, reads.</summary>
internal static class TopologicalOrder
{
    /// <summary>Tells whether the nodes already stand in order.</summary>
    public static bool IsSorted(OnnxGraph graph)
    {
        IReadOnlyList<Node> nodes = Numbered(graph);
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (Value? output in nodes[i].OutputList)
            {
                if (output is null)
                    continue;
                foreach (ValueUse use in output.UseList)
                {
                    if (OutermostIn(graph, use.Node).Position <= i)
                        return false;
                }
            }
        }

        return true;
    }

    /// <summary>Returns the nodes in order; nodes keep their order where they can.</summary>
    /// <exception cref="InvalidModelException">The graph has a cycle.</exception>
    public static List<Node> Sort(OnnxGraph graph)
    {
        IReadOnlyList<Node> nodes = Numbered(graph);
        var successors = new List<int>[nodes.Count];
        int[] waiting = new int[nodes.Count];
        for (int i = 0; i < nodes.Count; i++)
        {
            successors[i] = [];
            foreach (Value? output in nodes[i].OutputList)
            {
                if (output is null)
                    continue;
                foreach (ValueUse use in output.UseList)
                    successors[i].Add(OutermostIn(graph, use.Node).Position);
            }
        }

        foreach (List<int> next in successors)
        {
            foreach (int n in next)
                waiting[n]++;
        }

        var ready = new PriorityQueue<int, int>();
        for (int i = 0; i < nodes.Count; i++)
        {
            if (waiting[i] == 0)
                ready.Enqueue(i, i);
        }

        var sorted = new List<Node>(nodes.Count);
        while (ready.TryDequeue(out int i, out _))
        {
            sorted.Add(nodes[i]);
            foreach (int next in successors[i])
            {
                if (--waiting[next] == 0)
                    ready.Enqueue(next, next);
            }
        }

        if (sorted.Count < nodes.Count)
        {
            Node stuck = nodes[Array.FindIndex(waiting, w => w > 0)];
            throw new InvalidModelException($"Node '{stuck.DisplayName}' ({stuck.OpType}) is part of a cycle.") { NodeName = stuck.DisplayName };
        }

        return sorted;
    }

    /// <summary>Returns the node of a graph that is, or holds in its subgraphs, the given node.</summary>
    public static Node OutermostIn(OnnxGraph graph, Node node)
    {
        while (!ReferenceEquals(node.Owner, graph))
        {
            OnnxGraph inner = node.Owner;
            node = inner.Holder ?? throw new InvalidOperationException($"Subgraph '{inner.Name}' is held by no node.");
        }

        return node;
    }

    private static IReadOnlyList<Node> Numbered(OnnxGraph graph)
    {
        IReadOnlyList<Node> nodes = graph.Nodes;
        for (int i = 0; i < nodes.Count; i++)
            nodes[i].Position = i;
        return nodes;
    }
}
