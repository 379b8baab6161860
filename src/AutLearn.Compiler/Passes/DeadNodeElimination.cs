using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Removes nodes and constants that no output depends on. Inputs stay.</summary>
internal sealed class DeadNodeElimination : IPass
{
    public string Name => "dead-node-elimination";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        var live = new HashSet<Node>();
        var pending = new Stack<Node>(graph.Outputs.Select(o => o.Producer).OfType<Node>());
        while (pending.TryPop(out Node? node))
        {
            if (!live.Add(node))
                continue;
            foreach (Value read in NodeReads.Of(node))
            {
                if (read.Producer is { } producer && !live.Contains(producer))
                    pending.Push(producer);
            }
        }

        var dead = new HashSet<Node>(graph.Nodes.Where(n => !live.Contains(n)));
        if (dead.Count > 0)
            graph.RemoveAll(dead);
        var outputs = new HashSet<Value>(graph.Outputs);
        Value[] unread = [.. graph.Initializers.Where(v => v.IsConstant && v.Uses.Count == 0 && !outputs.Contains(v))];
        foreach (Value value in unread)
            graph.Remove(value);
        return dead.Count > 0 || unread.Length > 0;
    }
}
