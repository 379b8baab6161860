using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Orders nodes so that each runs shortly before what reads it, and what ends early comes first.</summary>
/// <remarks>
/// Depth first from the outputs, those with the shortest way to them first: the loss, then the gradients and updates of the last layer, and so
/// on down. What a gradient prepares from activations (columns of images, transposes) then no longer waits through the forward pass for its use.
/// ONNX Runtime keeps the order where it can.
/// </remarks>
internal sealed class DepthFirstOrder : IPass
{
    public string Name => "depth-first-order";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        var reads = graph.Nodes.ToDictionary(n => n, n => NodeReads.Of(n).Select(v => v.Producer).OfType<Node>().Distinct().ToArray());
        var depths = new Dictionary<Node, int>();
        foreach (Node node in graph.Nodes)
            depths.Add(node, 1 + reads[node].Select(r => depths[r]).DefaultIfEmpty(0).Max());

        var order = new List<Node>(graph.Nodes.Count);
        var seen = new HashSet<Node>();
        foreach (Node end in graph.Outputs.Select(o => o.Producer).OfType<Node>().OrderBy(n => depths[n]).Concat(graph.Nodes))
            Visit(end);
        if (order.SequenceEqual(graph.Nodes))
            return false;
        graph.OrderNodes(order);
        return true;

        void Visit(Node end)
        {
            var open = new Stack<(Node Node, int Next)>();
            if (seen.Add(end))
                open.Push((end, 0));
            while (open.TryPop(out (Node Node, int Next) top))
            {
                Node[] needed = reads[top.Node];
                if (top.Next == needed.Length)
                {
                    order.Add(top.Node);
                    continue;
                }

                open.Push((top.Node, top.Next + 1));
                if (seen.Add(needed[top.Next]))
                    open.Push((needed[top.Next], 0));
            }
        }
    }
}
