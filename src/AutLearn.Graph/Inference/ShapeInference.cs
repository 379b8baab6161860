using System.Collections.Frozen;
using AutLearn.Graph.Serialization;

namespace AutLearn.Graph.Inference;

/// <summary>Fills in the types and shapes of values; dimensions may be symbols, and equal symbols mean equal sizes.</summary>
/// <remarks>
/// Shape arithmetic in the graph (<c>Shape</c>, <c>Gather</c>, <c>Concat</c>, ... into <c>Reshape</c>) is followed symbolically.
/// Operators without a rule leave their outputs as declared. Stateless; a model must not be changed meanwhile.
/// </remarks>
public static class ShapeInference
{
    private static readonly FrozenDictionary<(string Domain, string OpType), ShapeRule> Rules = CreateRules();

    /// <summary>Infers every node of a model, subgraphs included.</summary>
    /// <param name="model">The model; its main graph is sorted.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <exception cref="InvalidModelException">Types or shapes contradict each other; the node is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; some values have their types.</exception>
    public static void Infer(OnnxModel model, CancellationToken cancellationToken = default) => Infer(model, DeclaredShapes.Binding, cancellationToken);

    /// <summary>Infers every node of a model, subgraphs included.</summary>
    /// <param name="model">The model; its main graph is sorted.</param>
    /// <param name="declared">What the declared shapes of computed values count for.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <exception cref="InvalidModelException">Types or shapes contradict each other; the node is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; some values have their types.</exception>
    public static void Infer(OnnxModel model, DeclaredShapes declared, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Graph.SortTopologically();
        Infer(model.Graph, model.OpsetImports.GetValueOrDefault("", OnnxVersions.NewestOpset), SymbolicInts.OfGraph(), declared, cancellationToken);
    }

    /// <summary>Infers as <see cref="Infer(OnnxModel, DeclaredShapes, CancellationToken)"/> does, and tells what small tensors of the main graph's shape arithmetic hold.</summary>
    /// <param name="model">The model; its main graph is sorted.</param>
    /// <param name="declared">What the declared shapes of computed values count for.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <returns>The elements of computed integer tensors, row-major, where all of them could be followed.</returns>
    /// <exception cref="InvalidModelException">Types or shapes contradict each other; the node is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; some values have their types.</exception>
    public static IReadOnlyDictionary<Value, SymbolicInt[]> InferIntegers(OnnxModel model, DeclaredShapes declared, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Graph.SortTopologically();
        var ints = SymbolicInts.OfGraph();
        Infer(model.Graph, model.OpsetImports.GetValueOrDefault("", OnnxVersions.NewestOpset), ints, declared, cancellationToken);
        return ints.Known;
    }

    /// <summary>Infers every node of a graph in its order.</summary>
    /// <param name="graph">A sorted graph.</param>
    /// <param name="opset">The version of the default domain.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <exception cref="InvalidModelException">Types or shapes contradict each other; the node is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; some values have their types.</exception>
    public static void Infer(OnnxGraph graph, long opset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Infer(graph, opset, SymbolicInts.OfGraph(), DeclaredShapes.Binding, cancellationToken);
    }

    /// <summary>Infers the types of one node's outputs from the types of its inputs.</summary>
    /// <param name="node">A node whose inputs carry their types.</param>
    /// <param name="opset">The version of the default domain.</param>
    /// <exception cref="InvalidModelException">The inputs contradict each other; the node is named.</exception>
    public static void InferNode(Node node, long opset)
    {
        ArgumentNullException.ThrowIfNull(node);
        InferNode(node, opset, ints: null, DeclaredShapes.Binding);
    }

    private static void Infer(OnnxGraph graph, long opset, SymbolicInts ints, DeclaredShapes declared, CancellationToken cancellationToken)
    {
        foreach (Node node in graph.Nodes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (OnnxGraph subgraph in node.Subgraphs())
                InferInside(node, subgraph, opset, ints, declared, cancellationToken);
            InferNode(node, opset, ints, declared);
        }
    }

    // A branch that is never taken may contradict the shapes around it: exporters test a size and squeeze its axis in one of both.
    private static void InferInside(Node node, OnnxGraph subgraph, long opset, SymbolicInts ints, DeclaredShapes declared, CancellationToken cancellationToken)
    {
        try
        {
            Infer(subgraph, opset, ints, declared, cancellationToken);
        }
        catch (InvalidModelException) when (node.Is("If"))
        {
            // What was found so far stands.
        }
    }

    private static void InferNode(Node node, long opset, SymbolicInts? ints, DeclaredShapes declared)
    {
        if (!Rules.TryGetValue((node.Domain, node.OpType), out ShapeRule? rule))
            return;
        var context = new ShapeContext(node, opset, ints, declared);
        try
        {
            rule(context);
            ints?.Remember(node);
        }
        catch (Exception error) when (error is ArithmeticException or IndexOutOfRangeException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) is malformed: {error.Message}", error) { NodeName = node.DisplayName };
        }
    }

    private static FrozenDictionary<(string, string), ShapeRule> CreateRules()
    {
        var rules = new Dictionary<(string, string), ShapeRule>();
        ElementwiseShapes.Register(rules);
        MatrixShapes.Register(rules);
        ReductionShapes.Register(rules);
        ConvolutionShapes.Register(rules);
        MovementShapes.Register(rules);
        ResamplingShapes.Register(rules);
        IndexingShapes.Register(rules);
        NormalizationShapes.Register(rules);
        RecurrentShapes.Register(rules);
        SourceShapes.Register(rules);
        SamplingShapes.Register(rules);
        AttentionShapes.Register(rules);
        QuantizationShapes.Register(rules);
        return rules.ToFrozenDictionary();
    }
}
