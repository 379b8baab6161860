using System.Collections.Immutable;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Partition;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Versions;

namespace AutLearn.Compiler.Analysis;

/// <summary>What of a model can be trained and what a prediction costs, found by the steps that compiling takes too.</summary>
/// <remarks>Immutable but for <see cref="Model"/>, which nobody should change; safe for use by several threads.</remarks>
public sealed class ModelAnalysis
{
    private const int NamedNodes = 4;

    private readonly string? _batch;
    private readonly GradientRegistry _rules;
    private readonly ImmutableDictionary<Node, long?> _flops;

    private ModelAnalysis(OnnxModel model, string? batch, string? refusal, GradientRegistry rules, CancellationToken cancellationToken)
    {
        (Model, _batch, Refusal, _rules) = (model, batch, refusal, rules);
        IReadOnlyList<long?> costs = new GraphCost(model, batch ?? "", 1, cancellationToken).FlopsByNode();
        _flops = model.Graph.Nodes.Select((n, i) => KeyValuePair.Create(n, costs[i])).ToImmutableDictionary();
        Parameters = [.. Find(cancellationToken)];
    }

    /// <summary>Gets a copy of the model in the form that is differentiated: at a current opset, functions and decided branches inlined, the batch free and first.</summary>
    public OnnxModel Model { get; }

    /// <summary>Gets why the model cannot be compiled, whatever is selected; null where no reason is known.</summary>
    public string? Refusal { get; }

    /// <summary>Gets every constant that holds weights, in the order of the layers, then what is no layer's.</summary>
    public ImmutableArray<ModelParameter> Parameters { get; }

    /// <summary>Analyses a model.</summary>
    /// <param name="model">The model, which is not changed.</param>
    /// <param name="rules">The gradient rules; null for those of this library.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <exception cref="InvalidModelException">The model is malformed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ModelAnalysis Of(OnnxModel model, GradientRegistry? rules = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        rules ??= GradientRegistry.CreateDefault();
        OnnxModel copy = model.Clone();
        copy.Graph.SortTopologically();
        OpsetUpgrade.Apply(copy, cancellationToken);
        new FunctionInlining().Run(copy, cancellationToken);
        new ConstantNodeLifting().Run(copy, cancellationToken);
        new ZipMapElimination().Run(copy, cancellationToken);
        new BranchInlining().Run(copy, cancellationToken);
        try
        {
            string batch = BatchDimension.Resolve(copy, cancellationToken);
            copy.Graph.SortTopologically();
            return new(copy, batch, null, rules, cancellationToken);
        }
        catch (InvalidModelException refusal)
        {
            ShapeInference.Infer(copy, DeclaredShapes.Hints, cancellationToken);
            return new(copy, null, refusal.Message, rules, cancellationToken);
        }
    }

    /// <summary>Counts the operations of a node for one row.</summary>
    /// <param name="node">Of <see cref="Model"/>.</param>
    /// <returns>A multiplication and an addition count as two, sizes that are neither numbers nor the batch as 64; null where a shape is unknown.</returns>
    public long? FlopsOf(Node node) => _flops[node];

    /// <summary>Gets what caching a value costs.</summary>
    /// <param name="value">Of <see cref="Model"/>.</param>
    /// <returns>Bytes for one row; null where the shape is unknown.</returns>
    public long? BytesPerSample(Value value) => _batch is null ? null : BoundarySearch.BytesPerSample(value, _batch);

    private IEnumerable<ModelParameter> Find(CancellationToken cancellationToken)
    {
        OnnxGraph graph = Model.Graph;
        var catalog = ParameterCatalog.Of(graph, graph.Outputs);
        var seen = new HashSet<Value>();
        for (int layer = 0; layer < catalog.Layers.Count; layer++)
        {
            foreach (Value parameter in catalog.Layers[layer].Parameters.Where(seen.Add))
                yield return Describe(DequantizedConstant.StoredIn(parameter), parameter, layer, cancellationToken);
            if (catalog.Layers[layer].IntegerWeights is { IsConstant: true } integers && seen.Add(integers))
                yield return Describe(integers, integers, layer, cancellationToken);
        }

        foreach (Value other in graph.Initializers.Where(v => v.IsConstant && v.ElementType.IsFloatingPoint() && v.Initializer!.Count > 1 && v.Uses.Count > 0))
        {
            if (seen.Add(other))
                yield return Describe(other, other, null, cancellationToken);
        }
    }

    private ModelParameter Describe(Value stored, Value parameter, int? layer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Tensor tensor = stored.Initializer!;
        return new(parameter.Name, stored.ElementType, stored.Shape!, tensor.Count, tensor.Bytes.Length, layer, Refusal is null ? ObstacleFor(parameter) : $"the model cannot be compiled: {Refusal}");
    }

    private string? ObstacleFor(Value parameter)
    {
        if (parameter.Uses.Count > 0 && parameter.Uses.All(u => u.Node.Is("BatchNormalization") && u.InputIndex >= 3))
            return "running statistics of a batch normalization: the forward pass updates them, no gradient does";
        if (!parameter.ElementType.IsFloatingPoint())
            return $"its layer computes with {parameter.ElementType} numbers, which gradients cannot move";
        IReadOnlyList<string> missing = [];
        foreach (Value output in Model.Graph.Outputs.Distinct())
        {
            IReadOnlyList<string> unsupported = new ReverseDifferentiation(_rules).FindUnsupported(Model, output, [parameter]);
            if (unsupported.Count == 0 && ReachesWithGradient(parameter, output))
                return null;
            if (unsupported.Count > 0 && (missing.Count == 0 || unsupported.Count < missing.Count))
                missing = unsupported;
        }

        return missing.Count == 0
            ? "no gradient flows from any output to it"
            : $"no gradient rule for {string.Join(", ", missing.Take(NamedNodes))}{(missing.Count > NamedNodes ? $" and {missing.Count - NamedNodes} more" : "")}";
    }

    private bool ReachesWithGradient(Value parameter, Value output)
    {
        var reached = new HashSet<Value> { parameter };
        foreach (Node node in Model.Graph.Nodes)
        {
            if (!NodeReads.Of(node).Any(reached.Contains))
                continue;
            long opset = Model.OpsetImports.GetValueOrDefault(node.Domain, 1);
            if (_rules.ZeroReason(node.Domain, node.OpType, opset) is null)
                reached.UnionWith(node.Outputs.OfType<Value>().Where(o => o.Type is null || o.ElementType.IsFloatingPoint()));
        }

        return reached.Contains(output);
    }
}
