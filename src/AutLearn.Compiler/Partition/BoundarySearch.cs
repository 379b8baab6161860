using AutLearn.Compiler.Analysis;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;

namespace AutLearn.Compiler.Partition;

/// <summary>Finds the cheapest tensors to keep between the frozen backbone and the trained head.</summary>
/// <remarks>
/// The head must hold every node that depends on a trained parameter. A frozen node may stand on either side; it moves to the head where that
/// makes the kept tensors smaller, but never if it is expensive to run again. Kept tensors have the batch as their first dimension; a value
/// that does not depend on user input costs nothing, since the head computes it from constants.
/// This is a minimum cut: a value costs its bytes a sample, reading a value ties the reader's side to it.
/// </remarks>
internal static class BoundarySearch
{
    /// <summary>The size taken for a symbolic dimension other than the batch when costs are compared.</summary>
    public const long NominalSize = 64;

    // Any value that the batch allows can be cut, however large.
    private const long LargestCost = MinimumCut.Unlimited / (1 << 20);

    // Constants larger than this would be stored twice if their reader moved to the head.
    private const int LargestCopiedConstant = 1 << 16;

    /// <summary>Finds the boundary; where no tensors with the batch first separate backbone and head, transpositions make some.</summary>
    /// <returns>The values to keep, in topological order; user inputs among them are fed as they are.</returns>
    /// <exception cref="AutLearnException">No set of tensors with the batch first separates the two.</exception>
    public static IReadOnlyList<Value> Find(PreparedModel prepared, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = prepared.Model.Graph;
        Value scores = graph.Find(prepared.Scores)!;
        HashSet<Node> relevant = ParameterCatalog.AncestorsOf(scores);
        HashSet<Node> head = [.. ModelPreparation.HeadOf(graph, prepared.Parameters.Select(p => graph.Find(p)!)).Where(relevant.Contains)];
        var userInputs = prepared.UserInputs.Select(n => graph.Find(n)!).ToHashSet();
        HashSet<Node> perUser = PerUser(relevant);
        IReadOnlyList<Value>? found = Find(prepared, head, userInputs, perUser, cancellationToken);
        if (found is null && BatchFirstValues.Insert(prepared, head, perUser))
            found = Find(prepared, head, userInputs, PerUser(ParameterCatalog.AncestorsOf(scores)), cancellationToken);
        return found
            ?? throw new AutLearnException($"No tensors with the batch as first dimension separate the frozen part of the model from the trained part. {Advice()}");

        // A number beside the rows that both parts read cannot be kept with a row.
        string Advice()
        {
            Value[] beside = [.. userInputs.Where(i => BytesPerSample(i, prepared.BatchSymbol) is null && i.Uses.Count > 0)];
            return beside.Length == 0
                ? "Train more layers, or fewer."
                : $"{string.Join(", ", beside.Select(i => $"'{i.Name}' {i.Shape}"))} {(beside.Length == 1 ? "has" : "have")} no row for each sample: fix what never changes (--fix {beside[0].Name}=...), or train other layers.";
        }

        HashSet<Node> PerUser(HashSet<Node> ancestors) => [.. ModelPreparation.HeadOf(graph, userInputs).Where(n => ancestors.Contains(n) && !head.Contains(n))];
    }

    private static List<Value>? Find(PreparedModel prepared, HashSet<Node> head, HashSet<Value> userInputs, HashSet<Node> perUser, CancellationToken cancellationToken)
    {
        OnnxGraph graph = prepared.Model.Graph;
        var cut = new MinimumCut();
        var entry = new Dictionary<Value, int>();
        var exit = new Dictionary<Value, int>();
        var values = new List<Value>();
        foreach (Value input in userInputs.Where(i => i.Uses.Count > 0))
        {
            AddValue(input);
            cut.AddEdge(MinimumCut.Source, entry[input], MinimumCut.Unlimited);
        }

        foreach (Node node in graph.Nodes.Where(perUser.Contains))
        {
            int vertex = cut.AddVertex();
            if (IsExpensive(node))
                cut.AddEdge(MinimumCut.Source, vertex, MinimumCut.Unlimited);
            foreach (Value read in NodeReads.Of(node).Distinct().Where(exit.ContainsKey))
                cut.AddEdge(exit[read], vertex, MinimumCut.Unlimited);
            foreach (Value output in node.Outputs.OfType<Value>())
            {
                AddValue(output);
                cut.AddEdge(vertex, entry[output], MinimumCut.Unlimited);
            }
        }

        foreach (Value read in head.SelectMany(NodeReads.Of).Distinct().Where(exit.ContainsKey))
            cut.AddEdge(exit[read], MinimumCut.Sink, MinimumCut.Unlimited);

        if (cut.SinkSide(cancellationToken) is not { } inHead)
            return null;
        return [.. values.Where(v => inHead[exit[v]] && !inHead[entry[v]])];

        void AddValue(Value value)
        {
            values.Add(value);
            entry[value] = cut.AddVertex();
            exit[value] = cut.AddVertex();
            cut.AddEdge(entry[value], exit[value], CostOf(value, prepared.BatchSymbol));
        }
    }

    /// <summary>Gets the bytes that a value takes a sample; null where the batch is not its first dimension alone.</summary>
    public static long? BytesPerSample(Value value, string batch)
    {
        if (value.Shape is not { Rank: > 0 } shape || shape[0].Symbol != batch || shape.Skip(1).Any(d => d.Symbol == batch) || value.ElementType.SizeInBits() < 8)
            return null;
        long count = SaturatingSize.Product(shape.Skip(1).Select(d => d.IsKnown ? d.Size : NominalSize));
        return SaturatingSize.Multiply(count, value.ElementType.SizeInBits() / 8);
    }

    private static long CostOf(Value value, string batch) =>
        BytesPerSample(value, batch) is { } bytes ? Math.Clamp(bytes, 1, LargestCost) : MinimumCut.Unlimited;

    private static bool IsExpensive(Node node) =>
        !CommonSubexpressionElimination.IsPure(node)
        || node.OpType is "Conv" or "ConvTranspose" or "Gemm" or "MatMul" or "LSTM" or "GRU" or "RNN" or "Einsum" or "Attention"
        || node.OpType.StartsWith("QLinear", StringComparison.Ordinal) || node.OpType.EndsWith("Integer", StringComparison.Ordinal)
        || node.Inputs.Any(i => i?.Initializer is { } constant && constant.Bytes.Length > LargestCopiedConstant);
}
