using System.Collections.Immutable;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf.Collections;

namespace AutLearn.Graph.Serialization;

/// <summary>Builds graphs. Values of all nested graphs come first and are connected afterwards, so that order can be checked as a whole.</summary>
internal sealed class GraphReader
{
    private static readonly List<(OnnxGraph Graph, Pending Pending)> NoSubgraphs = [];

    private readonly ReadContext _context;
    private readonly TensorReader _tensors;
    private readonly AttributeReader _attributes;

    public GraphReader(ReadContext context, ExternalDataSource external)
    {
        _context = context;
        _tensors = new TensorReader(context, external);
        _attributes = new AttributeReader(context, _tensors, Create);
    }

    /// <summary>Reads a main graph.</summary>
    public OnnxGraph ReadMain(GraphProto proto)
    {
        (OnnxGraph graph, Pending pending) = Create(proto, parent: null);
        Finish(graph, pending);
        return graph;
    }

    /// <summary>Reads the body of a function; the fields that it shares with graphs are cleared.</summary>
    public OnnxGraph ReadBody(FunctionProto proto)
    {
        var graph = new OnnxGraph(proto.Name);
        var pending = new Pending([], [.. proto.Output], [.. proto.ValueInfo]);
        foreach (string input in proto.Input)
            graph.AddInput(NewName(graph, input, "function input"), null);
        ReadNodes(proto.Node, graph, pending);
        Finish(graph, pending);
        proto.Input.Clear();
        proto.Output.Clear();
        proto.Node.Clear();
        proto.ValueInfo.Clear();
        return graph;
    }

    /// <summary>Reads attributes that stand outside nodes.</summary>
    public ImmutableSortedDictionary<string, AttributeValue> ReadDefaults(RepeatedField<AttributeProto> attributes)
    {
        var pending = new List<(OnnxGraph Graph, Pending Pending)>();
        ImmutableSortedDictionary<string, AttributeValue> result = _attributes.Read(attributes, parent: null, pending);
        foreach ((OnnxGraph graph, Pending rest) in pending)
            Finish(graph, rest);
        return result;
    }

    private (OnnxGraph Graph, Pending Pending) Create(GraphProto proto, OnnxGraph? parent)
    {
        if (proto.SparseInitializer.Count > 0)
            throw _context.Invalid($"graph {ReadContext.Quote(proto.Name)} holds sparse initializers, which are not supported; store them dense");
        var graph = new OnnxGraph(_context.Name(proto.Name, "graph"), parent) { DocString = proto.HasDocString ? proto.DocString : null };
        foreach (ValueInfoProto input in proto.Input)
        {
            Value value = graph.AddInput(NewName(graph, input.Name, "input"), null);
            value.Type = TypeCodec.Read(input, value, _context);
        }

        foreach (TensorProto initializer in proto.Initializer)
            ReadInitializer(initializer, graph);

        var pending = new Pending([.. proto.Output], null, [.. proto.ValueInfo]);
        ReadNodes(proto.Node, graph, pending);
        proto.ClearName();
        proto.ClearDocString();
        proto.Input.Clear();
        proto.Output.Clear();
        proto.Initializer.Clear();
        proto.Node.Clear();
        proto.ValueInfo.Clear();
        graph.ExtraFields = ExtraFields.Rest(proto);
        return (graph, pending);
    }

    private void ReadInitializer(TensorProto proto, OnnxGraph graph)
    {
        string name = _context.Name(proto.Name, "initializer");
        if (name.Length == 0)
            throw _context.Invalid($"an initializer of graph {ReadContext.Quote(graph.Name)} has no name");
        proto.ClearName();
        Tensor tensor = _tensors.Read(proto, name);
        if (graph.FindOwn(name) is not { } input)
        {
            graph.AddInitializer(name, tensor);
            return;
        }

        if (input.Initializer is not null)
            throw _context.Invalid($"initializer {ReadContext.Quote(name)} is defined twice");
        TensorType? declared = input.Type;
        graph.SetInitializer(input, tensor);
        if (declared is null)
            return;
        if (!declared.Accepts(tensor.Type))
            throw _context.Invalid($"input {ReadContext.Quote(name)} is declared as {declared} but its initializer is {tensor.Type}");
        input.Type = declared;
    }

    private void ReadNodes(RepeatedField<NodeProto> nodes, OnnxGraph graph, Pending pending)
    {
        foreach (NodeProto proto in nodes)
        {
            (string? outerNode, string? outerOp) = (_context.Node, _context.OpType);
            _context.Node = proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault(o => o.Length > 0) ?? proto.OpType;
            _context.OpType = proto.OpType;
            ReadNode(proto, graph, pending);
            (_context.Node, _context.OpType) = (outerNode, outerOp);
        }
    }

    private void ReadNode(NodeProto proto, OnnxGraph graph, Pending pending)
    {
        if (proto.OpType.Length == 0)
            throw _context.Invalid("the node names no operator");
        _context.Name(proto.OpType, "operator");
        _context.Name(proto.Name, "node");
        HashSet<string>? outputs = proto.Output.Count > 1 ? new(StringComparer.Ordinal) : null;
        foreach (string output in proto.Output)
        {
            if (output.Length > 0 && (graph.FindOwn(_context.Name(output, "output")) is not null || outputs?.Add(output) == false))
                throw _context.Invalid($"the output {ReadContext.Quote(output)} is already the name of another value");
        }

        List<(OnnxGraph Graph, Pending Pending)> subgraphs = proto.Attribute.Count > 0 ? [] : NoSubgraphs;
        ImmutableSortedDictionary<string, AttributeValue> attributes = _attributes.Read(proto.Attribute, graph, subgraphs);

        // A million nodes hold few different operators, and are often called as their outputs are.
        string name = proto.Output.Count > 0 && proto.Output[0] == proto.Name ? proto.Output[0] : proto.Name;
        Node node = graph.AddNode(
            _context.Operator(proto.OpType), new Value?[proto.Input.Count], proto.Output, attributes, _context.Operator(ModelReader.NormalizeDomain(proto.Domain)), name);
        node.Overload = proto.Overload;
        node.DocString = proto.HasDocString ? proto.DocString : null;
        pending.Nodes.Add(new PendingNode(node, [.. proto.Input], subgraphs));
        proto.Input.Clear();
        proto.Output.Clear();
        proto.Attribute.Clear();
        proto.ClearName();
        proto.ClearOpType();
        proto.ClearDomain();
        proto.ClearOverload();
        proto.ClearDocString();
        node.ExtraFields = ExtraFields.Rest(proto);
    }

    private string NewName(OnnxGraph graph, string name, string what)
    {
        if (name.Length == 0)
            throw _context.Invalid($"{what} {graph.Inputs.Count} of graph {ReadContext.Quote(graph.Name)} has no name");
        if (graph.FindOwn(_context.Name(name, what)) is not null)
            throw _context.Invalid($"{what} {ReadContext.Quote(name)} is defined twice");
        return name;
    }

    private void Finish(OnnxGraph graph, Pending pending)
    {
        Connect(graph, pending);
        Sort(graph, pending);
    }

    private void Connect(OnnxGraph graph, Pending pending)
    {
        foreach (ValueInfoProto info in pending.ValueInfos)
            ReadValueInfo(info, graph);
        foreach ((Node node, string[] inputs, List<(OnnxGraph Graph, Pending Pending)> subgraphs) in pending.Nodes)
        {
            (string? outerNode, string? outerOp) = (_context.Node, _context.OpType);
            (_context.Node, _context.OpType) = (node.DisplayName, node.OpType);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (inputs[i].Length > 0)
                    graph.SetInput(node, i, graph.Find(inputs[i]) ?? throw _context.Invalid($"input {i} is {ReadContext.Quote(inputs[i])}, which no input, initializer or node of the model defines"));
            }

            foreach ((OnnxGraph subgraph, Pending rest) in subgraphs)
                Connect(subgraph, rest);
            (_context.Node, _context.OpType) = (outerNode, outerOp);
        }

        foreach (ValueInfoProto info in pending.Outputs)
        {
            Value output = Output(graph, info.Name);
            TensorType? known = output.Type;
            ReadOnlyMemory<byte> extra = output.ExtraFields;
            TensorType? declared = TypeCodec.Read(info, output, _context);
            if (output.ExtraFields.IsEmpty)
                output.ExtraFields = extra;
            if (declared is not null && known is not null && declared.ElementType != known.ElementType)
                throw _context.Invalid($"output {ReadContext.Quote(output.Name)} is declared as {declared} and as {known}");
            output.Type = output.Producer is null ? known ?? declared : declared ?? known;
            graph.AddOutput(output);
        }

        foreach (string name in pending.OutputNames ?? [])
            graph.AddOutput(Output(graph, name));
    }

    private Value Output(OnnxGraph graph, string name) =>
        graph.Find(name) ?? throw _context.Invalid($"output {ReadContext.Quote(name)} of graph {ReadContext.Quote(graph.Name)} is computed by no node");

    private void ReadValueInfo(ValueInfoProto info, OnnxGraph graph)
    {
        // Exporters leave descriptions of values behind that they have optimised away.
        if (graph.FindOwn(info.Name) is not { } value)
            return;
        if (value.IsInput || value.Initializer is not null)
            return;
        TensorType? declared = TypeCodec.Read(info, value, _context);
        value.Type = declared;
    }

    private void Sort(OnnxGraph graph, Pending pending)
    {
        try
        {
            if (!TopologicalOrder.IsSorted(graph))
                graph.SortTopologically();
        }
        catch (InvalidModelException e)
        {
            throw new InvalidModelException($"Model '{_context.File}': {e.Message}", e) { File = _context.File, NodeName = e.NodeName };
        }

        foreach (PendingNode node in pending.Nodes)
        {
            foreach ((OnnxGraph subgraph, Pending rest) in node.Subgraphs)
                Sort(subgraph, rest);
        }
    }

    /// <summary>What a graph still lacks after its values exist.</summary>
    /// <param name="Outputs">Its outputs, described.</param>
    /// <param name="OutputNames">Its outputs, where only names are known.</param>
    /// <param name="ValueInfos">Descriptions of inner values.</param>
    internal sealed record Pending(IReadOnlyList<ValueInfoProto> Outputs, IReadOnlyList<string>? OutputNames, IReadOnlyList<ValueInfoProto> ValueInfos)
    {
        /// <summary>Gets the nodes that are not connected yet.</summary>
        public List<PendingNode> Nodes { get; } = [];
    }

    /// <summary>A node that is not connected yet.</summary>
    internal sealed record PendingNode(Node Node, string[] Inputs, List<(OnnxGraph Graph, Pending Pending)> Subgraphs);
}
