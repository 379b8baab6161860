using System.Collections.Immutable;
using AutLearn.Cloud.Reports;
using AutLearn.Compiler.Analysis;
using AutLearn.Graph;

namespace AutLearn.Cloud.Inspection;

/// <summary>Tells what a model costs, where it can be cut, and which of its parameters can be trained.</summary>
internal sealed class ModelInspector
{
    private readonly OnnxModel _model;
    private readonly ModelAnalysis _analysis;
    private readonly HashSet<Value> _activations = [];

    /// <summary>Analyses a model whose values carry their types.</summary>
    public ModelInspector(OnnxModel model, CancellationToken cancellationToken)
    {
        _model = model;
        _analysis = ModelAnalysis.Of(model, rules: null, cancellationToken);
        OnnxGraph graph = _analysis.Model.Graph;
        foreach (Value input in graph.Inputs)
            _activations.Add(input);
        foreach (Node node in graph.Nodes)
        {
            if (node.Inputs.Any(i => i is not null && _activations.Contains(i)))
                _activations.UnionWith(node.Outputs.OfType<Value>());
        }
    }

    /// <summary>Inspects the model.</summary>
    public InspectReport Inspect(string path)
    {
        OnnxGraph graph = _model.Graph;
        IReadOnlyList<Node> nodes = _analysis.Model.Graph.Nodes;
        Node[] uncounted = [.. nodes.Where(n => _analysis.FlopsOf(n) is null)];
        long known = nodes.Aggregate(0L, (sum, n) => SaturatingSum(sum, _analysis.FlopsOf(n) ?? 0));
        return new InspectReport(
            path,
            _model.Opset,
            graph.Nodes.Count,
            _analysis.Parameters.Sum(p => p.Count),
            _analysis.Parameters.Sum(p => p.SizeInBytes),
            uncounted.Length > 0 ? null : known,
            known,
            [.. uncounted.Select(n => n.DisplayName)],
            [.. graph.Inputs.Where(i => i.Initializer is null).Select(Describe)],
            [.. graph.Outputs.Select(Describe)],
            [.. graph.Nodes.GroupBy(n => n.Domain.Length > 0 ? $"{n.Domain}.{n.OpType}" : n.OpType).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => new OperatorReport(g.Key, g.Count()))],
            [.. Boundaries(known)],
            [.. _analysis.Parameters.Select(p => new ParameterReport(p.Name, p.ElementType.ToString(), p.Shape.ToString(), p.Count, p.SizeInBytes, p.Obstacle is null, p.Obstacle))]);
    }

    private static ValueReport Describe(Value value) => new(value.Name, value.ElementType.ToString(), value.Shape?.ToString() ?? "unknown");

    // A boundary is a value that alone carries all that later nodes need from the inputs: every other activation is dead by then.
    private IEnumerable<BoundaryReport> Boundaries(long all)
    {
        OnnxGraph graph = _analysis.Model.Graph;
        IReadOnlyList<Node> nodes = graph.Nodes;
        Dictionary<Node, int> position = nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        Dictionary<string, ModelParameter> parameters = _analysis.Parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);
        HashSet<Value> live = [.. graph.Inputs.Where(i => i.Initializer is null && i.Uses.Count > 0)];
        long after = _analysis.Parameters.Sum(p => p.Count);
        long done = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            ModelParameter[] firstRead = [.. nodes[i].Inputs.OfType<Value>().Where(v => parameters.ContainsKey(v.Name) && seen.Add(v.Name)).Select(v => parameters[v.Name])];

            // Only a layer with a weight matrix is worth a cut: normalizations and biases belong to the layer before them.
            if (live.Count == 1 && live.First() is { IsInput: false } value && firstRead.Any(p => p.Shape.Rank > 1) && nodes[i].Inputs.Contains(value))
                yield return new(value.Name, value.Shape?.ToString() ?? "unknown", _analysis.BytesPerSample(value), nodes[i].DisplayName, after, done, all - done);
            after -= firstRead.Sum(p => p.Count);
            done = SaturatingSum(done, _analysis.FlopsOf(nodes[i]) ?? 0);
            live.UnionWith(nodes[i].Outputs.OfType<Value>().Where(o => _activations.Contains(o) && o.Uses.Count > 0));
            live.RemoveWhere(v => v.Uses.All(u => !position.TryGetValue(u.Node, out int at) || at <= i));
        }
    }

    private static long SaturatingSum(long a, long b) => long.MaxValue - a < b ? long.MaxValue : a + b;
}
