using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Builds one Scan over the first axis of its sequences. States are declared before sequences.</summary>
/// <remarks>
/// The body must hold no constants: it captures those of the graph around it, whose later names could not collide with the body's then.
/// </remarks>
internal sealed class ScanLoop
{
    private readonly GraphBuilder _outer;
    private readonly List<Value> _states = [];
    private readonly List<Value> _sequences = [];

    public ScanLoop(GraphBuilder outer, string name)
    {
        _outer = outer;
        string stem = $"{outer.NameStem}/{name}";
        Body = new GraphBuilder(new OnnxGraph(stem, outer.Graph), outer.Opset) { NameStem = $"{stem}/body" };
    }

    /// <summary>Gets the builder of the body.</summary>
    public GraphBuilder Body { get; }

    /// <summary>Declares a value carried from step to step; returns what the body reads.</summary>
    public Value State(Value initial)
    {
        if (_sequences.Count > 0)
            throw new InvalidOperationException("States come before sequences.");
        _states.Add(initial);
        return AddInput(initial.Type!);
    }

    /// <summary>Declares a value of which each step reads one slice of the first axis; returns the slice.</summary>
    public Value Sequence(Value values)
    {
        _sequences.Add(values);
        return AddInput(new TensorType(values.ElementType, values.Shape is { } shape ? new Shape(shape.Skip(1)) : null));
    }

    /// <summary>Adds the Scan.</summary>
    /// <param name="isReverse">Whether steps run from the last slice to the first; stacked outputs keep the order of the sequences.</param>
    /// <param name="next">The states after a step.</param>
    /// <param name="stacked">Values of the body to stack along a new first axis.</param>
    /// <returns>The final states, then the stacked values.</returns>
    public Value[] Run(bool isReverse, ReadOnlySpan<Value> next, ReadOnlySpan<Value> stacked)
    {
        foreach (Value value in next)
            Body.Graph.AddOutput(value);
        foreach (Value value in stacked)
            Body.Graph.AddOutput(value);
        long direction = isReverse ? 1 : 0;
        return _outer.Ops(
            "Scan",
            next.Length + stacked.Length,
            [.. _states, .. _sequences],
            ("body", AttributeValue.Of(Body.Graph)),
            ("num_scan_inputs", AttributeValue.Of((long)_sequences.Count)),
            ("scan_input_directions", AttributeValue.Of([.. Enumerable.Repeat(direction, _sequences.Count)])),
            ("scan_output_directions", AttributeValue.Of([.. Enumerable.Repeat(direction, stacked.Length)])));
    }

    private Value AddInput(TensorType type) => Body.Graph.AddInput(Body.Graph.UniqueName($"{Body.NameStem}/in"), type);
}
