using AutLearn.Compiler.Partition;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Analysis;

/// <summary>Counts operations and memory of a model at one batch size.</summary>
/// <remarks>Shapes are inferred anew with the numbers in place of the symbols, so that sizes which the batch is only part of are counted as they are.</remarks>
internal sealed class GraphCost
{
    private readonly OnnxGraph _graph;

    /// <summary>Settles the sizes in a copy of a model.</summary>
    /// <param name="model">The model, which is not changed.</param>
    /// <param name="batchSymbol">The symbol of the batch.</param>
    /// <param name="batchSize">The rows. Other symbols count <see cref="BoundarySearch.NominalSize"/>.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    public GraphCost(OnnxModel model, string batchSymbol, long batchSize, CancellationToken cancellationToken = default)
    {
        OnnxModel settled = model.Clone();
        Settle(settled.Graph, d => d.IsKnown ? d : d.Symbol == batchSymbol ? batchSize : BoundarySearch.NominalSize);
        try
        {
            ShapeInference.Infer(settled, DeclaredShapes.Hints, cancellationToken);
        }
        catch (InvalidModelException)
        {
            // The nominal size does not suit every model (a length that a stride must divide); what was inferred up to there is counted.
        }

        _graph = settled.Graph;
    }

    /// <summary>Counts multiplications and additions.</summary>
    public long Flops() => FlopsOf(_graph);

    /// <summary>Counts them for each node, in the order of the nodes; null where the shape of its first output is unknown.</summary>
    public IReadOnlyList<long?> FlopsByNode() => [.. _graph.Nodes.Select(n => n.Output(0) is { Shape: null } ? (long?)null : FlopsOf(n))];

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

    private static void Settle(OnnxGraph graph, Func<Dimension, Dimension> size)
    {
        foreach (Value value in graph.Values.Where(v => v.Initializer is null))
        {
            // Computed shapes follow; those of operators without a rule keep what they say in numbers.
            if (value.Type is { Shape: { } shape } type)
                value.Type = type with { Shape = new(shape.Select(d => value.Producer is null || d.IsKnown ? size(d) : Dimension.Unknown)) };
        }

        foreach (OnnxGraph subgraph in graph.Nodes.SelectMany(n => n.Subgraphs()))
            Settle(subgraph, size);
    }

    private static long FlopsOf(OnnxGraph graph) => SaturatingSize.Sum(graph.Nodes.Select(FlopsOf));

    // The body of a scan runs once a step, that of a loop as often as its constant trip count says; of two branches one runs.
    private static long FlopsOfSubgraphs(Node node)
    {
        long[] each = [.. node.Subgraphs().Select(FlopsOf)];
        long times = node.OpType switch
        {
            "Scan" when node.Inputs.Count > 0 && node.Inputs[^1] is { Shape.Rank: > 0 } sequence => SizeAt(sequence, node.GetInts("scan_input_axes") is { Length: > 0 } axes ? (int)Math.Clamp(axes[^1], 0, 16) : 0),
            "Loop" when ConstantTripCount(node) is { } count => Math.Max(0, count),
            "Loop" => BoundarySearch.NominalSize,
            _ => 1,
        };
        return SaturatingSize.Multiply(times, node.OpType == "If" ? each.DefaultIfEmpty(0).Max() : SaturatingSize.Sum(each));
    }

    private static long? ConstantTripCount(Node loop) => loop.Input(0)?.Initializer is { ElementType: ElementType.Int64, Count: 1 } count ? count.Span<long>()[0] : null;

    private static long FlopsOf(Node node)
    {
        if (node.Subgraphs().Any())
            return FlopsOfSubgraphs(node);
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

    private static long CountOf(Value value) => value.Shape is { } shape ? SaturatingSize.Product(shape.Select(SizeOf)) : 0;

    private static long SizeAt(Value value, int axis) => value.Shape is { } shape && axis >= 0 && axis < shape.Rank ? SizeOf(shape[axis]) : 1;

    private static long SizeOf(Dimension dimension) => dimension.IsKnown ? dimension.Size : BoundarySearch.NominalSize;
}
