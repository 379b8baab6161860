using System.Collections.Immutable;
using AutLearn.Cloud.Reports;
using AutLearn.Compiler.Gradients;
using AutLearn.Graph;

namespace AutLearn.Cloud.Inspection;

/// <summary>Finds out what a model costs, where it can be cut, and which of its parameters can be trained.</summary>
internal sealed class ModelInspector
{
    private readonly OnnxModel _model;
    private readonly GradientRegistry _rules;
    private readonly Value[] _parameters;
    private readonly HashSet<Value> _activations = [];

    /// <summary>Prepares a model whose values carry their types.</summary>
    public ModelInspector(OnnxModel model, GradientRegistry rules)
    {
        _model = model;
        _rules = rules;
        model.Graph.SortTopologically();
        _parameters = [.. model.Graph.Initializers.Where(v => v.IsConstant && v.ElementType.IsFloatingPoint() && v.Initializer!.Count > 1 && v.Uses.Count > 0)];
        foreach (Value input in model.Graph.Inputs)
            _activations.Add(input);
        foreach (Node node in model.Graph.Nodes)
        {
            if (node.Inputs.Any(i => i is not null && _activations.Contains(i)))
                _activations.UnionWith(node.Outputs.OfType<Value>());
        }
    }

    /// <summary>Inspects the model.</summary>
    public InspectReport Inspect(string path)
    {
        OnnxGraph graph = _model.Graph;
        long?[] operations = [.. graph.Nodes.Select(OperationCount.Of)];
        ImmutableArray<ParameterReport> parameters = [.. Parameters()];
        return new InspectReport(
            path,
            _model.Opset,
            graph.Nodes.Count,
            parameters.Sum(p => p.Elements),
            parameters.Sum(p => p.Bytes),
            operations.Any(o => o is null) ? null : operations.Sum(),
            operations.Sum(o => o ?? 0),
            [.. graph.Nodes.Where((_, i) => operations[i] is null).Select(n => n.DisplayName)],
            [.. graph.Inputs.Where(i => i.Initializer is null).Select(Describe)],
            [.. graph.Outputs.Select(Describe)],
            [.. graph.Nodes.GroupBy(n => n.Domain.Length > 0 ? $"{n.Domain}.{n.OpType}" : n.OpType).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => new OperatorReport(g.Key, g.Count()))],
            [.. Boundaries(operations)],
            parameters);
    }

    private static ValueReport Describe(Value value) => new(value.Name, value.ElementType.ToString(), value.Shape?.ToString() ?? "unknown");

    // A boundary is a value that alone carries all that later nodes need from the inputs: every other activation is dead by then.
    private IEnumerable<BoundaryReport> Boundaries(long?[] operations)
    {
        IReadOnlyList<Node> nodes = _model.Graph.Nodes;
        Dictionary<Node, int> position = nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        HashSet<Value> parameters = [.. _parameters];
        HashSet<Value> live = [.. _model.Graph.Inputs.Where(i => i.Initializer is null && i.Uses.Count > 0)];
        long after = _parameters.Sum(p => p.Initializer!.Count);
        long done = 0;
        long all = operations.Sum(o => o ?? 0);
        var seen = new HashSet<Value>();
        for (int i = 0; i < nodes.Count; i++)
        {
            Value[] firstRead = [.. nodes[i].Inputs.OfType<Value>().Where(v => parameters.Contains(v) && seen.Add(v))];

            // Only a layer with a weight matrix is worth a cut: normalizations and biases belong to the layer before them.
            if (i > 0 && live.Count == 1 && firstRead.Any(v => v.Shape!.Rank > 1) && nodes[i].Inputs.Contains(live.First()))
                yield return Boundary(live.First(), nodes[i], after, done, all);
            after -= firstRead.Sum(v => v.Initializer!.Count);
            done += operations[i] ?? 0;
            live.UnionWith(nodes[i].Outputs.OfType<Value>().Where(o => _activations.Contains(o) && o.Uses.Count > 0));
            live.RemoveWhere(v => v.Uses.All(u => !position.TryGetValue(u.Node, out int at) || at <= i));
        }
    }

    private static BoundaryReport Boundary(Value value, Node reader, long parametersAfter, long before, long all)
    {
        long? elements = value.Shape is { } shape ? OperationCount.Elements(shape) : null;
        return new(
            value.Name,
            value.Shape?.ToString() ?? "unknown",
            elements is { } count && value.ElementType.SizeInBits() > 0 ? value.ElementType.SizeInBytes(count) : null,
            reader.DisplayName,
            parametersAfter,
            before,
            all - before);
    }

    private IEnumerable<ParameterReport> Parameters()
    {
        var analysis = new TrainabilityAnalysis(_model, _rules);
        foreach (Value parameter in _parameters)
        {
            string? obstacle = analysis.ObstacleFor(parameter.Name);
            yield return new ParameterReport(
                parameter.Name,
                parameter.ElementType.ToString(),
                parameter.Shape!.ToString(),
                parameter.Initializer!.Count,
                parameter.Initializer.Bytes.Length,
                obstacle is null,
                obstacle);
        }
    }
}
