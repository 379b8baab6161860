using System.Collections.Immutable;

namespace AutLearn.Graph;

/// <summary>Copies graphs deeply. Nodes need not be in order: values are created first and connected afterwards.</summary>
internal sealed class GraphCopy
{
    private readonly Dictionary<Value, Value> _copies = [];

    // The nodes of the outermost graph to copy; null for all.
    private readonly HashSet<Node>? _part;

    private GraphCopy(HashSet<Node>? part = null) => _part = part;

    /// <summary>Copies a main graph or the body of a function.</summary>
    public static OnnxGraph Of(OnnxGraph graph)
    {
        var copy = new GraphCopy();
        OnnxGraph result = copy.Create(graph, graph.Parent);
        copy.Connect(graph, result);
        return result;
    }

    /// <summary>Copies what computes some values from others, which become inputs, and from the graph's own inputs and constants.</summary>
    public static OnnxGraph Of(OnnxGraph graph, IReadOnlyCollection<Value> from, IReadOnlyCollection<Value> to)
    {
        var copy = new GraphCopy(Between(graph, from, to));
        OnnxGraph result = copy.Create(graph, graph.Parent);
        foreach (Value value in from.Where(v => !v.IsInput))
            copy.Describe(value, result.AddInput(value.Name, value.Type));
        copy.ConnectNodes(graph, result);
        foreach (Value value in to)
            result.AddOutput(copy._copies[value]);
        return result;
    }

    /// <summary>Copies the nodes and constants of a subgraph into the graph around it.</summary>
    public static IReadOnlyList<Value> Into(OnnxGraph graph, OnnxGraph subgraph)
    {
        var copy = new GraphCopy();
        foreach (Value value in subgraph.Initializers)
            copy.Describe(value, graph.AddInitializer(graph.UniqueName(value.Name), value.Initializer!));
        List<Node> nodes = [.. subgraph.Nodes.Select(n => copy.Create(n, graph, graph.UniqueName))];
        for (int i = 0; i < nodes.Count; i++)
            copy.Connect(subgraph.Nodes[i], nodes[i]);
        return [.. subgraph.Outputs.Select(o => copy._copies.GetValueOrDefault(o, o))];
    }

    private static HashSet<Node> Between(OnnxGraph graph, IReadOnlyCollection<Value> from, IReadOnlyCollection<Value> to)
    {
        var given = new HashSet<Value>(from);
        var part = new HashSet<Node>();
        var pending = new Stack<Value>(to);
        while (pending.TryPop(out Value? value))
        {
            if (given.Contains(value) || !ReferenceEquals(value.Owner, graph) || value.Producer is not { } producer || !part.Add(producer))
                continue;
            foreach (Value read in Reads(producer))
                pending.Push(read);
        }

        return part;
    }

    private static IEnumerable<Value> Reads(Node node) =>
        node.InputList.OfType<Value>().Concat(node.Subgraphs().SelectMany(g => g.Outputs.Concat(g.Nodes.SelectMany(Reads))));

    /// <summary>Copies attributes that stand outside every graph.</summary>
    public static ImmutableSortedDictionary<string, AttributeValue> Of(ImmutableSortedDictionary<string, AttributeValue> attributes)
    {
        foreach ((string name, AttributeValue value) in attributes)
        {
            if (value.Reference is null && value.Kind == AttributeKind.Graph)
                attributes = attributes.SetItem(name, AttributeValue.Of(Of(value.Graph)).WithExtraFields(value.ExtraFields));
            else if (value.Reference is null && value.Kind == AttributeKind.Graphs)
                attributes = attributes.SetItem(name, AttributeValue.Of([.. value.Graphs.Select(Of)]).WithExtraFields(value.ExtraFields));
        }

        return attributes;
    }

    private OnnxGraph Create(OnnxGraph source, OnnxGraph? parent)
    {
        var graph = new OnnxGraph(source.Name, parent) { DocString = source.DocString, ExtraFields = source.ExtraFields };
        foreach (Value input in source.Inputs)
            Describe(input, graph.AddInput(input.Name, input.Type));
        foreach (Value value in source.Initializers)
        {
            if (value.IsInput)
                graph.SetInitializer(_copies[value], value.Initializer);
            else
                _copies.Add(value, graph.AddInitializer(value.Name, value.Initializer!));
            Describe(value, _copies[value]);
        }

        foreach (Node node in NodesOf(source))
            Create(node, graph, static name => name);
        return graph;
    }

    // The inputs come later.
    private Node Create(Node node, OnnxGraph graph, Func<string, string> nameFor)
    {
        bool hasSubgraphs = node.Subgraphs().Any();
        Node copy = graph.AddNode(
            node.OpType,
            new Value?[node.InputList.Count],
            node.OutputList.Select(o => o is null ? "" : nameFor(o.Name)),
            hasSubgraphs ? Copy(node.Attributes, graph) : node.Attributes,
            node.Domain,
            node.Name);
        copy.Overload = node.Overload;
        copy.DocString = node.DocString;
        copy.ExtraFields = node.ExtraFields;
        for (int i = 0; i < node.OutputList.Count; i++)
        {
            if (node.OutputList[i] is { } output)
                Describe(output, copy.OutputList[i]!);
        }

        return copy;
    }

    private IEnumerable<Node> NodesOf(OnnxGraph source) => source.Parent is null && _part is { } part ? source.Nodes.Where(part.Contains) : source.Nodes;

    private void Connect(OnnxGraph source, OnnxGraph copy)
    {
        ConnectNodes(source, copy);
        foreach (Value output in source.Outputs)
            copy.AddOutput(_copies.GetValueOrDefault(output, output));
    }

    private void ConnectNodes(OnnxGraph source, OnnxGraph copy)
    {
        int next = 0;
        foreach (Node from in NodesOf(source))
        {
            Node to = copy.Nodes[next++];
            Connect(from, to);
        }
    }

    private void Connect(Node from, Node to)
    {
        for (int i = 0; i < from.InputList.Count; i++)
        {
            if (from.InputList[i] is { } input)
                to.Owner.SetInput(to, i, _copies.GetValueOrDefault(input, input));
        }

        foreach ((OnnxGraph inner, OnnxGraph innerCopy) in from.Subgraphs().Zip(to.Subgraphs()))
            Connect(inner, innerCopy);
    }

    private void Describe(Value from, Value to)
    {
        to.Type = from.Type;
        to.OpaqueType = from.OpaqueType;
        to.ExtraFields = from.ExtraFields;
        _copies[from] = to;
    }

    private ImmutableSortedDictionary<string, AttributeValue> Copy(ImmutableSortedDictionary<string, AttributeValue> attributes, OnnxGraph parent)
    {
        foreach ((string name, AttributeValue value) in attributes)
        {
            if (value.Reference is null && value.Kind == AttributeKind.Graph)
                attributes = attributes.SetItem(name, AttributeValue.Of(Create(value.Graph, parent)).WithExtraFields(value.ExtraFields));
            else if (value.Reference is null && value.Kind == AttributeKind.Graphs)
                attributes = attributes.SetItem(name, AttributeValue.Of([.. value.Graphs.Select(g => Create(g, parent))]).WithExtraFields(value.ExtraFields));
        }

        return attributes;
    }
}
