using System.Globalization;

namespace AutLearn.Graph.Serialization;

/// <summary>Short names for what a graph and its subgraphs compute on the way: <c>_0</c>, <c>_1</c>, ... in the order of the nodes.</summary>
internal sealed class InnerNames
{
    private readonly Dictionary<Value, string> _names = [];

    // A subgraph may give a value of the graph around it, which then keeps its name there too.
    private readonly HashSet<Value> _kept = [];
    private readonly HashSet<string> _keptNames = new(StringComparer.Ordinal);
    private long _next;

    public InnerNames(OnnxGraph graph)
    {
        Keep(graph);
        Shorten(graph);
    }

    public string Of(Value value) => _names.GetValueOrDefault(value, value.Name);

    private void Keep(OnnxGraph graph)
    {
        foreach (Value value in graph.Inputs.Concat(graph.Outputs).Concat(graph.Initializers))
        {
            _kept.Add(value);
            _keptNames.Add(value.Name);
        }

        foreach (OnnxGraph subgraph in graph.Nodes.SelectMany(n => n.Subgraphs()))
            Keep(subgraph);
    }

    private void Shorten(OnnxGraph graph)
    {
        foreach (Node node in graph.Nodes)
        {
            foreach (OnnxGraph subgraph in node.Subgraphs())
                Shorten(subgraph);
            foreach (Value? output in node.OutputList)
            {
                if (output is null || _kept.Contains(output))
                    continue;
                string name;
                do
                    name = string.Create(CultureInfo.InvariantCulture, $"_{_next++:x}");
                while (_keptNames.Contains(name));
                _names.Add(output, name);
            }
        }
    }
}
