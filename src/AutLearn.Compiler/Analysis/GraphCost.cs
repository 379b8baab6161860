using AutLearn.Compiler.Partition;
using AutLearn.Graph;

namespace AutLearn.Compiler.Analysis;

/// <summary>Estimates operations and memory of a graph from its shapes.</summary>
internal sealed class GraphCost
{
    private readonly OnnxGraph _graph;
    private readonly string _batchSymbol;
    private readonly long _batchSize;

    public GraphCost(OnnxGraph graph, string batchSymbol, long batchSize)
    {
        _graph = graph;
        _batchSymbol = batchSymbol;
        _batchSize = batchSize;
    }

    /// <summary>Counts multiplications and additions.</summary>
    public long Flops() => _graph.Nodes.Sum(FlopsOf);

    /// <summary>Walks the nodes in order and sums what is alive: from its computation to its last reader. Outputs of the graph are not counted.</summary>
    public long PeakBytes()
    {
        var outputs = new HashSet<Value>(_graph.Outputs);
        var position = new Dictionary<Node, int>();
        for (int i = 0; i < _graph.Nodes.Count; i++)
            position[_graph.Nodes[i]] = i;
        long[] freed = new long[_graph.Nodes.Count + 1];
        long alive = 0, peak = 0;
        for (int i = 0; i < _graph.Nodes.Count; i++)
        {
            foreach (Value output in _graph.Nodes[i].Outputs.OfType<Value>().Where(o => !outputs.Contains(o)))
            {
                long bytes = output.ElementType.SizeInBytes(CountOf(output));
                alive += bytes;

                // A reader inside a subgraph keeps the value to the end.
                int last = output.Uses.Count == 0 ? i : output.Uses.Max(u => position.GetValueOrDefault(u.Node, _graph.Nodes.Count - 1));
                freed[last] += bytes;
            }

            peak = Math.Max(peak, alive);
            alive -= freed[i];
        }

        return peak;
    }

    private long FlopsOf(Node node)
    {
        if (node.Output(0) is not { } output)
            return 0;
        long count = CountOf(output);
        switch (node.OpType)
        {
            case "Gemm" when node.Input(0) is { } a:
                return 2 * count * SizeAt(a, node.GetInt("transA", 0) != 0 ? 0 : 1);
            case "MatMul" when node.Input(0) is { } a:
                return 2 * count * SizeAt(a, (a.Shape?.Rank ?? 1) - 1);
            case "Conv" when node.Input(1) is { Shape: { } w }:
                return 2 * count * w.Skip(1).Aggregate(1L, (p, d) => p * SizeOf(d));
            case "ConvTranspose" when node.Inputs[0] is { } x && node.Input(1) is { Shape: { } w }:
                return 2 * CountOf(x) * w.Skip(1).Aggregate(1L, (p, d) => p * SizeOf(d));
            case "LSTM" or "GRU" or "RNN" when node.Input(0)?.Shape is { Rank: 3 } x && node.Input(1) is { } w && node.Input(2) is { } r:
                return 2 * SizeOf(x[0]) * SizeOf(x[1]) * (CountOf(w) + CountOf(r));
            case "Reshape" or "Shape" or "Size" or "Transpose" or "Squeeze" or "Unsqueeze" or "Flatten" or "Identity" or "Cast" or "Concat" or "Slice" or "Split"
                or "Gather" or "Expand" or "ConstantOfShape" or "Constant" or "Range" or "ScatterElements" or "GatherElements":
                return 0;
            case "AveragePool" or "MaxPool" when node.GetInts("kernel_shape") is { } kernel:
                return count * kernel.Aggregate(1L, (p, k) => p * k);
            default:
                return Math.Max(count, node.Input(0) is { } first ? CountOf(first) : 0);
        }
    }

    private long CountOf(Value value) => value.Shape is { } shape ? shape.Aggregate(1L, (p, d) => p * SizeOf(d)) : 0;

    private long SizeAt(Value value, int axis) => value.Shape is { } shape && axis < shape.Rank ? SizeOf(shape[axis]) : 1;

    private long SizeOf(Dimension dimension) =>
        dimension.IsKnown ? dimension.Size : dimension.Symbol == _batchSymbol ? _batchSize : BoundarySearch.NominalSize;
}
