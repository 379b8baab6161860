using System.Collections.Immutable;

namespace AutLearn.Graph;

/// <summary>An ONNX model: a graph with its operator versions, functions and metadata.</summary>
public sealed class OnnxModel
{
    /// <summary>Creates a model around a graph.</summary>
    /// <param name="graph">The main graph.</param>
    /// <param name="opset">The version of the default domain.</param>
    public OnnxModel(OnnxGraph graph, long opset)
    {
        Graph = graph;
        OpsetImports = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal).Add("", opset);
    }

    /// <summary>Gets the main graph.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Gets or sets the version of the file format. The default is 10, which ONNX Runtime 1.19 and later read.</summary>
    public long IrVersion { get; set; } = 10;

    /// <summary>Gets or sets the operator-set version by domain; the default domain is the empty string.</summary>
    public ImmutableSortedDictionary<string, long> OpsetImports { get; set; }

    /// <summary>Gets or sets the version of the default domain.</summary>
    /// <exception cref="InvalidModelException">The model does not import the default domain.</exception>
    public long Opset
    {
        get => OpsetImports.TryGetValue("", out long version)
            ? version
            : throw new InvalidModelException("The model imports no version of the default operator domain.");
        set => OpsetImports = OpsetImports.SetItem("", value);
    }

    /// <summary>Gets or sets the functions defined in the model.</summary>
    public ImmutableArray<OnnxFunction> Functions { get; set; } = [];

    /// <summary>Gets or sets the key-value metadata.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; set; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Gets or sets the producing tool.</summary>
    public string ProducerName { get; set; } = "AutLearn";

    /// <summary>Gets or sets the producing tool's version.</summary>
    public string ProducerVersion { get; set; } = "";

    /// <summary>Gets or sets the model's own domain.</summary>
    public string Domain { get; set; } = "";

    /// <summary>Gets or sets the model's own version.</summary>
    public long ModelVersion { get; set; }

    /// <summary>Gets or sets the documentation string, or null.</summary>
    public string? DocString { get; set; }

    /// <summary>Gets or sets the fields of the file's model that the IR does not model (training information, device configurations), encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields { get; set; }

    /// <summary>Returns an independent copy: no graph, node or value is shared; constant tensors are, since they cannot change.</summary>
    public OnnxModel Clone() => WithGraph(GraphCopy.Of(Graph));

    /// <summary>Returns an independent copy of the part that computes some values of the main graph from others.</summary>
    /// <param name="from">Values that become inputs, of their names and types; they stand behind the model's own inputs, which stay.</param>
    /// <param name="to">The values that become the outputs.</param>
    /// <exception cref="ArgumentException">A value belongs to another graph.</exception>
    public OnnxModel Cut(IReadOnlyCollection<Value> from, IReadOnlyCollection<Value> to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        if (from.Concat(to).FirstOrDefault(v => !ReferenceEquals(v.Owner, Graph)) is { } foreign)
            throw new ArgumentException($"Value '{foreign.Name}' belongs to another graph.");
        return WithGraph(GraphCopy.Of(Graph, from, to));
    }

    private OnnxModel WithGraph(OnnxGraph graph) => new(graph, 0)
    {
        IrVersion = IrVersion,
        OpsetImports = OpsetImports,
        Functions = [.. Functions.Select(f => f with { Body = GraphCopy.Of(f.Body), AttributeDefaults = GraphCopy.Of(f.AttributeDefaults) })],
        Metadata = Metadata,
        ProducerName = ProducerName,
        ProducerVersion = ProducerVersion,
        Domain = Domain,
        ModelVersion = ModelVersion,
        DocString = DocString,
        ExtraFields = ExtraFields,
    };
}
