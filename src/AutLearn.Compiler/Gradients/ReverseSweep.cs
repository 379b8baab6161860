using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Visits nodes from the last to the first and adds up what each contributes to the gradients of its inputs.</summary>
/// <remarks>A rule may take its node apart; the parts are then visited in its place, with sums of their own.</remarks>
internal sealed class ReverseSweep
{
    // What rules may build from numbers of the file, for all nodes together: a file of few bytes must not become a graph of many.
    private const long MostBytes = 1 << 28, MostNodes = 1 << 16;

    private readonly GradientRegistry _rules;
    private readonly OnnxModel _model;
    private readonly GraphBuilder _builder;
    private readonly HashSet<Value> _dependent;
    private readonly NumericRanges _ranges;
    private readonly CancellationToken _cancellationToken;
    private long _bytes;
    private long _nodes;

    /// <param name="rules">The rules.</param>
    /// <param name="model">The model whose versions of each domain choose the rules.</param>
    /// <param name="builder">Appends to the model's graph, which is sorted.</param>
    /// <param name="dependent">The values that depend on what is differentiated by; those of parts are added.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    public ReverseSweep(GradientRegistry rules, OnnxModel model, GraphBuilder builder, HashSet<Value> dependent, CancellationToken cancellationToken)
    {
        _rules = rules;
        _model = model;
        _builder = builder;
        _dependent = dependent;
        _ranges = new NumericRanges(model.Graph, dependent);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Visits nodes, given in graph order.</summary>
    public void Visit(IReadOnlyList<Node> nodes, GradientSums gradients)
    {
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            Visit(nodes[i], gradients);
        }
    }

    /// <summary>Lets other nodes compute a node's outputs from now on, and differentiates them.</summary>
    /// <param name="g">The context of the node's rule.</param>
    /// <param name="forward">Builds the parts from the node's inputs; returns one value for each output that is present.</param>
    /// <returns>The gradient of each input.</returns>
    public Value?[] TakeApart(GradientContext g, Func<GradientContext, Value?[]> forward)
    {
        OnnxGraph graph = g.Node.Owner;
        int first = graph.Nodes.Count;
        string stem = _builder.NameStem;
        _builder.NameStem = g.Node.DisplayName;
        Value?[] outputs = forward(g);
        var own = new HashSet<Value>();
        for (int o = 0; o < outputs.Length; o++)
        {
            // An output must be a value of its own, since it takes over the name.
            if (outputs[o] is { } output && g.Node.Output(o) is { } old && (output.Producer is null || output.Producer.Owner != graph || !own.Add(output) || IsInput(g, output)))
                outputs[o] = _builder.Op("Identity", [output]);
        }

        _builder.NameStem = stem;
        Node[] parts = [.. graph.Nodes.Skip(first)];
        g.ReplaceForward(outputs);
        foreach (Node part in parts)
            ReverseDifferentiation.AddOutputs(part, _dependent);
        _ranges.Add(parts);

        var gradients = new GradientSums(_builder);
        for (int o = 0; o < outputs.Length; o++)
        {
            if (outputs[o] is not { } output || g.OptionalOutputGradient(o) is not { } gradient)
                continue;

            // Integers that stand for numbers take their gradient on to what they were rounded from.
            if (QuantizedValues.IsNumber(output.ElementType) && output.Producer!.Inputs.Any(i => i is not null && _dependent.Contains(i)))
                _dependent.Add(output);
            if (_dependent.Contains(output))
                gradients.Contribute(output, gradient);
        }

        Visit(parts, gradients);
        var result = new Value?[g.InputCount];
        var seen = new HashSet<Value>();
        for (int i = 0; i < result.Length; i++)
        {
            if (g.NeedsGradient(i) && seen.Add(g.Input(i)))
                result[i] = gradients.Find(g.Input(i));
        }

        // What its subgraphs read besides
        foreach (Value captured in NodeReads.Of(g.Node).Where(v => _dependent.Contains(v) && !g.Node.Inputs.Contains(v)).Distinct())
        {
            if (gradients.Find(captured) is { } gradient)
                g.CapturedGradients.Add((captured, gradient));
        }

        return result;
    }

    /// <summary>Counts what a rule builds from numbers of the file.</summary>
    /// <exception cref="UnsupportedGradientException">It is too much, together with what was built before.</exception>
    public void Spend(GradientContext g, long nodes, long bytes)
    {
        _nodes += nodes;
        _bytes += bytes;
        if (nodes < 0 || bytes < 0 || _nodes > MostNodes || _bytes > MostBytes)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType}, which with others like it would take {_nodes} nodes and {_bytes} bytes of tables to write out)"]);
    }

    public static long OpsetOf(OnnxModel model, string domain) => model.OpsetImports.GetValueOrDefault(domain, 1);

    private static bool IsInput(GradientContext g, Value value) => g.Node.Inputs.Contains(value);

    private void Visit(Node node, GradientSums gradients)
    {
        var outputGradients = new Value?[node.Outputs.Count];
        bool any = false;
        for (int o = 0; o < outputGradients.Length; o++)
        {
            outputGradients[o] = node.Outputs[o] is { } output ? gradients.Find(output) : null;
            any |= outputGradients[o] is not null;
        }

        if (!any)
            return;
        bool[] needs = new bool[node.Inputs.Count];
        for (int i = 0; i < needs.Length; i++)
            needs[i] = node.Inputs[i] is { } input && _dependent.Contains(input);

        _builder.NameStem = $"{node.DisplayName}_grad";
        GradientRule rule = _rules.Find(node.Domain, node.OpType, OpsetOf(_model, node.Domain))
            ?? throw new UnsupportedGradientException([$"'{node.DisplayName}' ({node.OpType})"]);
        var context = new GradientContext(node, _builder, _ranges, outputGradients, needs, this);
        try
        {
            Contribute(rule(context), node, needs, gradients);
            foreach ((Value captured, Value gradient) in context.CapturedGradients)
                gradients.Contribute(captured, gradient);
        }
        catch (Exception error) when (error is OverflowException or IndexOutOfRangeException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            // Attributes and shapes that contradict each other in ways that no inference rule looks at.
            throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) cannot be differentiated: {error.Message}", error) { NodeName = node.DisplayName };
        }

        if (context.IsForwardReplaced)
            node.Owner.Remove(node);
    }

    private static void Contribute(Value?[] inputGradients, Node node, bool[] needs, GradientSums gradients)
    {
        if (inputGradients.Length != needs.Length)
            throw new InvalidOperationException($"The gradient rule returned {inputGradients.Length} entries for {needs.Length} inputs.");
        var contributions = new Dictionary<Value, List<Value>>();
        for (int i = 0; i < needs.Length; i++)
        {
            if (!needs[i] || inputGradients[i] is not { } gradient)
                continue;
            if (!contributions.TryGetValue(node.Inputs[i]!, out List<Value>? own))
                contributions.Add(node.Inputs[i]!, own = []);
            own.Add(gradient);
        }

        foreach ((Value value, List<Value> own) in contributions)
            gradients.Contribute(value, own);
    }
}
