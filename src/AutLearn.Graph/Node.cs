using System.Collections.Immutable;

namespace AutLearn.Graph;

/// <summary>One operator call.</summary>
/// <remarks>Edges change only through the owning <see cref="OnnxGraph"/>.</remarks>
public sealed class Node
{
    internal readonly List<Value?> InputList;
    internal readonly List<Value?> OutputList;

    internal Node(OnnxGraph owner, string domain, string opType, string name, IEnumerable<Value?> inputs, ImmutableSortedDictionary<string, AttributeValue> attributes)
    {
        Owner = owner;
        Domain = domain;
        OpType = opType;
        Name = name;
        InputList = [.. inputs];
        OutputList = [];
        Attributes = attributes;
    }

    /// <summary>Gets the graph that owns the node.</summary>
    public OnnxGraph Owner { get; }

    /// <summary>Gets or sets the place in the graph, as of the last sort.</summary>
    internal int Position { get; set; }

    /// <summary>Gets or sets a value indicating whether the node has left its graph.</summary>
    internal bool IsRemoved { get; set; }

    /// <summary>Gets the operator domain; empty for the default ONNX domain.</summary>
    public string Domain { get; internal set; }

    /// <summary>Gets the operator, such as <c>Gemm</c>.</summary>
    public string OpType { get; internal set; }

    /// <summary>Gets or sets the name; may be empty, and need not be unique here. ONNX Runtime refuses a graph in which two nodes have one.</summary>
    public string Name { get; set; }

    /// <summary>Gets or sets which overload of a model function the node calls; empty for none.</summary>
    public string Overload { get; set; } = "";

    /// <summary>Gets or sets the fields of the file's node that the IR does not model (metadata, device placement), encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields { get; set; }

    /// <summary>Gets or sets the documentation string, or null.</summary>
    public string? DocString { get; set; }

    /// <summary>Gets the inputs; null where an optional input is left out.</summary>
    public IReadOnlyList<Value?> Inputs => InputList;

    /// <summary>Gets the outputs; null where an optional output is left out.</summary>
    public IReadOnlyList<Value?> Outputs => OutputList;

    /// <summary>Gets the attributes, sorted by name.</summary>
    public ImmutableSortedDictionary<string, AttributeValue> Attributes { get; private set; }

    /// <summary>Gets what to call the node in a message: its name, or its first output.</summary>
    public string DisplayName => Name.Length > 0 ? Name : OutputList.FirstOrDefault(o => o is not null)?.Name ?? OpType;

    /// <summary>Gets an input, or null where it is absent.</summary>
    public Value? Input(int index) => index < InputList.Count ? InputList[index] : null;

    /// <summary>Gets an output, or null where it is absent.</summary>
    public Value? Output(int index) => index < OutputList.Count ? OutputList[index] : null;

    /// <summary>Tells whether the node calls an operator of the default domain.</summary>
    public bool Is(string opType) => OpType == opType && Domain.Length == 0;

    /// <summary>Gets an integer attribute.</summary>
    public long GetInt(string name, long fallback) => Find(name, AttributeKind.Int)?.Int ?? fallback;

    /// <summary>Gets a float attribute.</summary>
    public float GetFloat(string name, float fallback) => Find(name, AttributeKind.Float)?.Float ?? fallback;

    /// <summary>Gets a string attribute.</summary>
    public string GetString(string name, string fallback) => Find(name, AttributeKind.String)?.String ?? fallback;

    /// <summary>Gets an integer-list attribute, or null.</summary>
    public ImmutableArray<long>? GetInts(string name) => Find(name, AttributeKind.Ints)?.Ints;

    /// <summary>Gets a float-list attribute, or null.</summary>
    public ImmutableArray<float>? GetFloats(string name) => Find(name, AttributeKind.Floats)?.Floats;

    /// <summary>Gets a string-list attribute, or null.</summary>
    public ImmutableArray<string>? GetStrings(string name) => Find(name, AttributeKind.Strings)?.Strings;

    /// <summary>Gets a tensor attribute, or null.</summary>
    public Tensor? GetTensor(string name) => Find(name, AttributeKind.Tensor)?.Tensor;

    /// <summary>Gets the subgraphs that the attributes hold.</summary>
    public IEnumerable<OnnxGraph> Subgraphs()
    {
        foreach (AttributeValue attribute in Attributes.Values)
        {
            if (attribute.Reference is not null)
                continue;
            if (attribute.Kind == AttributeKind.Graph)
                yield return attribute.Graph;
            if (attribute.Kind == AttributeKind.Graphs)
            {
                foreach (OnnxGraph graph in attribute.Graphs)
                    yield return graph;
            }
        }
    }

    /// <summary>Sets or replaces an attribute that is no subgraph.</summary>
    public void SetAttribute(string name, AttributeValue value)
    {
        if (value.Kind is AttributeKind.Graph or AttributeKind.Graphs)
            throw new ArgumentException("Subgraphs are given when the node is added.", nameof(value));
        Attributes = Attributes.SetItem(name, value);
    }

    /// <summary>Removes an attribute that is no subgraph, if present.</summary>
    public void RemoveAttribute(string name)
    {
        if (Attributes.TryGetValue(name, out AttributeValue? value) && value.Kind is AttributeKind.Graph or AttributeKind.Graphs)
            throw new InvalidOperationException($"Attribute '{name}' of node '{DisplayName}' is a subgraph; remove the node instead.");
        Attributes = Attributes.Remove(name);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{string.Join(", ", OutputList.Select(o => o?.Name ?? "_"))} = {OpType}({string.Join(", ", InputList.Select(i => i?.Name ?? "_"))})";

    private AttributeValue? Find(string name, AttributeKind kind)
    {
        if (!Attributes.TryGetValue(name, out AttributeValue? value))
            return null;
        return value.Kind == kind || value.Reference is not null
            ? value
            : throw new InvalidModelException($"Attribute '{name}' of node '{DisplayName}' ({OpType}) holds {value.Kind}, not {kind}.") { NodeName = DisplayName };
    }
}
