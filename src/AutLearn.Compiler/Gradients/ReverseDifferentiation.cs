using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Reverse-mode automatic differentiation: appends the nodes that compute d(loss)/d(value).</summary>
/// <remarks>Griewank and Walther, Evaluating Derivatives, 2nd edition, 2008, section 3.2.</remarks>
public sealed class ReverseDifferentiation
{
    private readonly GradientRegistry _rules;

    /// <summary>Creates the transformation.</summary>
    public ReverseDifferentiation(GradientRegistry rules) => _rules = rules;

    /// <summary>Appends the gradient of a scalar to the graph it belongs to.</summary>
    /// <param name="model">The model; its values must carry types (see shape inference).</param>
    /// <param name="loss">A floating-point scalar of the main graph.</param>
    /// <param name="targets">The values to differentiate by.</param>
    /// <returns>For each target its gradient, of the target's shape; targets that do not influence the loss are missing.</returns>
    /// <param name="cancellationToken">Checked at each node; the graph is of no further use after a cancellation.</param>
    /// <exception cref="UnsupportedGradientException">Nodes on the way have no rule; all are named.</exception>
    /// <exception cref="InvalidModelException">A node on the way is malformed; it is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyDictionary<Value, Value> Differentiate(OnnxModel model, Value loss, IReadOnlyCollection<Value> targets, CancellationToken cancellationToken = default)
    {
        var builder = new GraphBuilder(model.Graph, model.Opset, cancellationToken);
        return Differentiate(model, builder, [new(loss, builder.One(loss))], targets, cancellationToken);
    }

    /// <summary>Appends the gradient of a scalar whose gradients by some values are known already.</summary>
    /// <param name="model">The model; its values must carry types (see shape inference).</param>
    /// <param name="seeds">Values, each with the scalar's gradient by it, of the same shape. The gradients may depend on the values.</param>
    /// <param name="targets">The values to differentiate by.</param>
    /// <returns>For each target its gradient, of the target's shape; targets that do not influence the seeds are missing.</returns>
    /// <param name="cancellationToken">Checked at each node; the graph is of no further use after a cancellation.</param>
    /// <exception cref="UnsupportedGradientException">Nodes on the way have no rule; all are named.</exception>
    /// <exception cref="InvalidModelException">A node on the way is malformed; it is named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyDictionary<Value, Value> Differentiate(OnnxModel model, IReadOnlyList<KeyValuePair<Value, Value>> seeds, IReadOnlyCollection<Value> targets, CancellationToken cancellationToken = default) =>
        Differentiate(model, new GraphBuilder(model.Graph, model.Opset, cancellationToken), seeds, targets, cancellationToken);

    private Dictionary<Value, Value> Differentiate(OnnxModel model, GraphBuilder builder, IReadOnlyList<KeyValuePair<Value, Value>> seeds, IReadOnlyCollection<Value> targets, CancellationToken cancellationToken)
    {
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        HashSet<Value> dependent = DependentOn(graph, targets);
        List<Node> path = NodesBetween(graph, dependent, seeds.Select(s => s.Key));
        ThrowIfUnsupported(model, path, dependent);

        var gradients = new GradientSums(builder);
        foreach ((Value value, Value gradient) in seeds)
        {
            if (dependent.Contains(value))
                gradients.Contribute(value, gradient);
        }

        new ReverseSweep(_rules, model, builder, dependent, cancellationToken).Visit(path, gradients);
        var result = new Dictionary<Value, Value>();
        foreach (Value target in targets)
        {
            if (gradients.Find(target) is { } gradient)
                result[target] = gradient;
        }

        graph.SortTopologically();
        return result;
    }

    /// <summary>Lists the nodes between the targets and a value that have no rule, as <c>'name' (operator, opset)</c>.</summary>
    public IReadOnlyList<string> FindUnsupported(OnnxModel model, Value loss, IReadOnlyCollection<Value> targets)
    {
        HashSet<Value> dependent = DependentOn(model.Graph, targets);
        return Unsupported(model, NodesBetween(model.Graph, dependent, [loss]), dependent);
    }

    private void ThrowIfUnsupported(OnnxModel model, List<Node> path, HashSet<Value> dependent)
    {
        List<string> missing = Unsupported(model, path, dependent);
        if (missing.Count > 0)
            throw new UnsupportedGradientException([.. missing]);
    }

    private List<string> Unsupported(OnnxModel model, List<Node> path, HashSet<Value> dependent) =>
        [.. from node in path
            let opset = ReverseSweep.OpsetOf(model, node.Domain)
            where _rules.Find(node.Domain, node.OpType, opset) is null || !QuantizedValues.CanDifferentiate(node, dependent)
            select $"'{node.DisplayName}' ({(node.Domain.Length > 0 ? node.Domain + "." : "")}{node.OpType}, opset {opset})"];

    private static HashSet<Value> DependentOn(OnnxGraph graph, IReadOnlyCollection<Value> targets)
    {
        var dependent = new HashSet<Value>(targets);
        foreach (Node node in graph.Nodes)
            AddOutputs(node, dependent);
        return dependent;
    }

    /// <summary>Adds the outputs of a node that depend on what its inputs depend on.</summary>
    /// <remarks>Truth values carry no gradient, nor do integers, unless they stand for real numbers: see <see cref="QuantizedValues"/>. An unknown type might.</remarks>
    public static void AddOutputs(Node node, HashSet<Value> dependent)
    {
        bool reads = false, readsNumbers = false;
        foreach (Value value in NodeReads.Of(node))
        {
            if (!dependent.Contains(value))
                continue;
            reads = true;
            readsNumbers |= QuantizedValues.IsNumber(value.ElementType);
        }

        if (!reads)
            return;
        foreach (Value? output in node.Outputs)
        {
            if (output is not null && (output.ElementType == ElementType.Undefined || output.ElementType.IsFloatingPoint() || (QuantizedValues.IsNumber(output.ElementType) && (readsNumbers || QuantizedValues.Quantizes(node)))))
                dependent.Add(output);
        }
    }

    private static List<Node> NodesBetween(OnnxGraph graph, HashSet<Value> dependent, IEnumerable<Value> ends)
    {
        var reaching = new HashSet<Value>(ends);
        var path = new List<Node>();
        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            Node node = graph.Nodes[i];
            if (!node.Outputs.Any(o => o is not null && reaching.Contains(o) && dependent.Contains(o)))
                continue;
            path.Add(node);
            reaching.UnionWith(NodeReads.Of(node));
        }

        path.Reverse();
        return path;
    }
}
