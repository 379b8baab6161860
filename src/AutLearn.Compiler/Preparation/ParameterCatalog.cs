using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>The parameters of a model in the order of its layers, towards the scores.</summary>
internal sealed class ParameterCatalog
{
    private readonly List<List<Value>> _layers = [];
    private readonly HashSet<Value> _statistics = [];

    private ParameterCatalog()
    {
    }

    /// <summary>Gets the parameters of each layer, first layer first. Parameters before the first weighted operator form a layer of their own.</summary>
    public IReadOnlyList<IReadOnlyList<Value>> Layers => _layers;

    /// <summary>Gets every parameter.</summary>
    public IEnumerable<Value> Parameters => _layers.SelectMany(l => l);

    /// <summary>Lists the parameters that influence a value.</summary>
    /// <param name="graph">A sorted graph.</param>
    /// <param name="scores">The value.</param>
    public static ParameterCatalog Of(OnnxGraph graph, Value scores)
    {
        var catalog = new ParameterCatalog();
        HashSet<Node> relevant = AncestorsOf(scores);
        var seen = new HashSet<Value>();
        foreach (Node node in graph.Nodes.Where(relevant.Contains))
        {
            if (node.Is("BatchNormalization"))
                catalog._statistics.UnionWith(node.Inputs.Skip(3).OfType<Value>());
        }

        foreach (Node node in graph.Nodes.Where(relevant.Contains))
        {
            Value[] own = [.. PositionsOf(node).Select(i => SourceOf(node.Input(i))).OfType<Value>().Where(v => !catalog._statistics.Contains(v) && seen.Add(v))];
            if (own.Length == 0)
                continue;
            if (IsWeighted(node) || catalog._layers.Count == 0)
                catalog._layers.Add([]);
            catalog._layers[^1].AddRange(own);
        }

        return catalog;
    }

    /// <summary>Chooses the parameters to train.</summary>
    /// <exception cref="AutLearnException">Nothing fits, or there are fewer layers than asked for.</exception>
    public IReadOnlyList<Value> Select(OnnxGraph graph, TrainableSelection selection)
    {
        if (selection.LayerCount > 0)
        {
            if (_layers.Count < selection.LayerCount)
                throw new AutLearnException($"The model has {_layers.Count} layers with parameters before its scores; the last {selection.LayerCount} cannot be trained.");
            return [.. _layers.TakeLast(selection.LayerCount).SelectMany(l => l)];
        }

        var known = new HashSet<Value>(Parameters);
        Value[] named = [.. graph.Initializers.Where(v => v.IsConstant && v.ElementType.IsFloatingPoint() && !known.Contains(v) && !_statistics.Contains(v) && selection.Names(v.Name))];
        Value[] chosen = [.. Parameters.Where(v => selection.Includes(v.Name)), .. named];
        return chosen.Length > 0
            ? chosen
            : throw new AutLearnException($"No parameter fits {string.Join(", ", selection.Include.Select(p => $"'{p}'"))}. The parameters are {string.Join(", ", Parameters.Take(20).Select(p => $"'{p.Name}'"))}{(known.Count > 20 ? ", ..." : "")}.");
    }

    /// <summary>Gets every node that a value depends on.</summary>
    public static HashSet<Node> AncestorsOf(params IEnumerable<Value> values)
    {
        var found = new HashSet<Node>();
        var pending = new Stack<Value>(values);
        while (pending.TryPop(out Value? value))
        {
            if (value.Producer is not { } producer || !found.Add(producer))
                continue;
            foreach (Value read in NodeReads.Of(producer))
                pending.Push(read);
        }

        return found;
    }

    private static bool IsWeighted(Node node) =>
        node.Domain.Length == 0 && node.OpType is "Gemm" or "MatMul" or "Conv" or "ConvTranspose" or "LSTM" or "GRU" or "RNN" or "Gather" or "Einsum";

    private static int[] PositionsOf(Node node) => node.Domain.Length > 0 ? [] : node.OpType switch
    {
        "Gemm" => [0, 1, 2],
        "MatMul" or "Einsum" or "Add" or "Sub" or "Mul" or "Div" => [0, 1],
        "Conv" or "ConvTranspose" or "BatchNormalization" or "InstanceNormalization" or "LayerNormalization" or "GroupNormalization" => [1, 2],
        "RMSNormalization" or "PRelu" => [1],
        "LSTM" => [1, 2, 3, 7],
        "GRU" or "RNN" => [1, 2, 3],
        "Gather" => [0],
        _ => [],
    };

    // Follows reshaped and transposed weights back to the constant that holds them. A lone number (an epsilon, a factor) is no parameter.
    private static Value? SourceOf(Value? value)
    {
        while (value?.Producer is { } producer && producer.Domain.Length == 0 && producer.OpType is "Transpose" or "Reshape" or "Identity" or "Squeeze" or "Unsqueeze")
            value = producer.Input(0);
        return value is { IsConstant: true, Initializer.Count: > 1 } && value.ElementType.IsFloatingPoint() ? value : null;
    }
}
