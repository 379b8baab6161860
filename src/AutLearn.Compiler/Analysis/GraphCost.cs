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
    public long Flops() => SaturatingSize.Sum(_graph.Nodes.Select(FlopsOf));

    /// <summary>Walks the nodes in order and sums what is alive: from its computation to its last reader. Outputs of the graph are not counted.</summary>
    public long PeakBytes()
    {
        var outputs = new HashSet<Value>(_graph.Outputs);
        var position = new Dictionary<Node, int>();
        for (int i = 0; i < _graph.Nodes.Count; i++)
            position[_graph.Nodes[i]] = i;
        var freed = new Int128[_graph.Nodes.Count + 1];
        Int128 alive = 0, peak = 0;
        for (int i = 0; i < _graph.Nodes.Count; i++)
        {
            foreach (Value output in _graph.Nodes[i].Outputs.OfType<Value>().Where(o => !outputs.Contains(o)))
            {
                long bytes = SaturatingSize.Multiply(CountOf(output), output.ElementType.SizeInBits()) / 8;
                alive += bytes;

                // A reader inside a subgraph keeps the value to the end.
                int last = output.Uses.Count == 0 ? i : output.Uses.Max(u => position.GetValueOrDefault(u.Node, _graph.Nodes.Count - 1));
                freed[last] += bytes;
            }

            peak = Int128.Max(peak, alive);
            alive -= freed[i];
        }

        return (long)Int128.Min(peak, long.MaxValue);
    }

    private long FlopsOf(Node node)
    {
        if (node.Output(0) is not { } output)
            return 0;
        long count = CountOf(output);
        switch (node.OpType)
        {
            case "Gemm" when node.Input(0) is { } a:
                return Products(count, SizeAt(a, node.GetInt("transA", 0) != 0 ? 0 : 1));
            case "MatMul" when node.Input(0) is { } a:
                return Products(count, SizeAt(a, (a.Shape?.Rank ?? 1) - 1));
            case "Conv" when node.Input(1) is { Shape: { } w }:
                return Products(count, SaturatingSize.Product(w.Skip(1).Select(SizeOf)));
            case "ConvTranspose" when node.Input(0) is { } x && node.Input(1) is { Shape: { } w }:
                return Products(CountOf(x), SaturatingSize.Product(w.Skip(1).Select(SizeOf)));
            case "LSTM" or "GRU" or "RNN" when node.Input(0)?.Shape is { Rank: 3 } x && node.Input(1) is { } w && node.Input(2) is { } r:
                return Products(SaturatingSize.Multiply(SizeOf(x[0]), SizeOf(x[1])), SaturatingSize.Add(CountOf(w), CountOf(r)));
            case "Reshape" or "Shape" or "Size" or "Transpose" or "Squeeze" or "Unsqueeze" or "Flatten" or "Identity" or "Cast" or "Concat" or "Slice" or "Split"
                or "Gather" or "Expand" or "ConstantOfShape" or "Constant" or "Range" or "ScatterElements" or "GatherElements":
                return 0;
            case "AveragePool" or "MaxPool" when node.GetInts("kernel_shape") is { } kernel:
                return SaturatingSize.Multiply(count, SaturatingSize.Product(kernel.Select(k => Math.Max(k, 0))));
            default:
                return Math.Max(count, node.Input(0) is { } first ? CountOf(first) : 0);
        }
    }

    // A multiplication and an addition each.
    private static long Products(long results, long terms) => SaturatingSize.Multiply(2, SaturatingSize.Multiply(results, terms));

    private long CountOf(Value value) => value.Shape is { } shape ? SaturatingSize.Product(shape.Select(SizeOf)) : 0;

    private long SizeAt(Value value, int axis) => value.Shape is { } shape && axis >= 0 && axis < shape.Rank ? SizeOf(shape[axis]) : 1;

    private long SizeOf(Dimension dimension) =>
        dimension.IsKnown ? dimension.Size : dimension.Symbol == _batchSymbol ? _batchSize : BoundarySearch.NominalSize;
}
