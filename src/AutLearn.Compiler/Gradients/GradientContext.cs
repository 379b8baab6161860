using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>What a gradient rule sees: one forward node, the gradients of its outputs, and a builder.</summary>
/// <remarks>
/// A rule neither sums contributions nor undoes broadcasting: the driver does both, from the shape of what the rule returns.
/// Not safe for use by several threads.
/// </remarks>
public sealed class GradientContext
{
    private readonly Value?[] _outputGradients;
    private readonly bool[] _needsGradient;
    private readonly ReverseSweep _sweep;

    internal GradientContext(Node node, GraphBuilder builder, NumericRanges ranges, Value?[] outputGradients, bool[] needsGradient, ReverseSweep sweep)
    {
        _sweep = sweep;
        Node = node;
        Builder = builder;
        Ranges = ranges;
        _outputGradients = outputGradients;
        _needsGradient = needsGradient;
    }

    /// <summary>Gets the forward node.</summary>
    public Node Node { get; }

    internal GraphBuilder Builder { get; }

    internal NumericRanges Ranges { get; }

    /// <summary>Gets the number of forward inputs.</summary>
    public int InputCount => Node.Inputs.Count;

    /// <summary>Gets a forward input.</summary>
    /// <exception cref="InvalidModelException">The input is absent.</exception>
    public Value Input(int index) => Node.Input(index)
        ?? throw new InvalidModelException($"Node '{Node.DisplayName}' ({Node.OpType}) lacks its input {index}.") { NodeName = Node.DisplayName };

    /// <summary>Gets a forward input, or null where it is left out.</summary>
    public Value? OptionalInput(int index) => Node.Input(index);

    /// <summary>Gets a forward output.</summary>
    /// <exception cref="InvalidModelException">The output is absent.</exception>
    public Value Output(int index) => Node.Output(index)
        ?? throw new InvalidModelException($"Node '{Node.DisplayName}' ({Node.OpType}) lacks its output {index}.") { NodeName = Node.DisplayName };

    /// <summary>Gets a forward output, adding it to the node where it was left out; for rules that need, say, the saved mean.</summary>
    public Value RequireOutput(int index, TensorType? type = null)
    {
        if (Node.Output(index) is { } present)
            return present;
        if (Node.Outputs.Count != index)
            throw new InvalidModelException($"Node '{Node.DisplayName}' ({Node.OpType}) leaves out outputs before output {index}.") { NodeName = Node.DisplayName };
        Value added = Node.Owner.AddNodeOutput(Node, Node.Owner.UniqueName($"{Node.DisplayName}:{index}"));
        added.Type = type;
        return added;
    }

    /// <summary>Gets the gradients of values that the node's subgraphs read without their being its inputs.</summary>
    internal List<(Value Value, Value Gradient)> CapturedGradients { get; } = [];

    /// <summary>Gets a value indicating whether other nodes compute the forward outputs now.</summary>
    internal bool IsForwardReplaced { get; private set; }

    /// <summary>Makes other values take the place, and the names, of the forward outputs; the driver then removes the node.</summary>
    /// <param name="outputs">One value for each output that is used.</param>
    internal void ReplaceForward(ReadOnlySpan<Value?> outputs)
    {
        for (int o = 0; o < outputs.Length; o++)
        {
            if (Node.Output(o) is not { } old)
                continue;
            if (outputs[o] is null && old is { Uses.Count: 0, IsOutput: false })
                continue;
            if (outputs[o] is null)
                throw new UnsupportedGradientException([$"'{Node.DisplayName}' ({Node.OpType} whose output {o} is used)"]);
            string name = old.Name, former = outputs[o]!.Name;
            outputs[o]!.Type ??= old.Type;
            Node.Owner.ReplaceAllUses(old, outputs[o]!);

            // They swap names: a free one would go to the next node, and nodes are called as their outputs were.
            Node.Owner.Rename(old, Node.Owner.UniqueName($"{name}/replaced"));
            Node.Owner.Rename(outputs[o]!, name);
            Node.Owner.Rename(old, former);
        }

        IsForwardReplaced = true;
    }

    /// <summary>Takes the node apart: nodes that <paramref name="forward"/> adds compute its outputs from now on, and their gradients are its own.</summary>
    /// <param name="forward">Returns one value for each output that is present.</param>
    internal Value?[] TakeApart(Func<GradientContext, Value?[]> forward) => _sweep.TakeApart(this, forward);

    /// <summary>Counts nodes and bytes of constants whose number comes from the file, before they are made.</summary>
    /// <exception cref="UnsupportedGradientException">All that was counted is too much.</exception>
    internal void Spend(long nodes, long bytes) => _sweep.Spend(this, nodes, bytes);

    /// <summary>Gets the gradient of an output.</summary>
    /// <exception cref="InvalidModelException">No gradient flows into that output.</exception>
    public Value OutputGradient(int index) => OptionalOutputGradient(index)
        ?? throw new InvalidModelException($"No gradient flows into output {index} of node '{Node.DisplayName}' ({Node.OpType}).") { NodeName = Node.DisplayName };

    /// <summary>Gets the gradient of an output, or null where none flows.</summary>
    public Value? OptionalOutputGradient(int index) => index < _outputGradients.Length ? _outputGradients[index] : null;

    /// <summary>Tells whether the gradient of an input is wanted; a rule may skip the work otherwise.</summary>
    public bool NeedsGradient(int index) => index < _needsGradient.Length && _needsGradient[index];

    /// <summary>Adds a node with one output.</summary>
    public Value Op(string opType, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes) =>
        Builder.Op(opType, inputs, attributes);

    /// <summary>Adds a node with several outputs.</summary>
    public Value[] Ops(string opType, int outputCount, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes) =>
        Builder.Ops(opType, outputCount, inputs, attributes);

    /// <summary>Gets a constant.</summary>
    public Value Constant(Tensor tensor) => Builder.Constant(tensor);

    /// <summary>Gets a 1-D Int64 constant.</summary>
    public Value Ints(params ReadOnlySpan<long> values) => Builder.Ints(values);

    /// <summary>Gets a scalar constant of another value's element type.</summary>
    public Value Scalar(Value like, double value) => Builder.Scalar(like, value);

    /// <summary>Gets the constant 1 of another value's element type.</summary>
    public Value One(Value like) => Builder.One(like);

    /// <summary>Gets the constant 0 of another value's element type.</summary>
    public Value Zero(Value like) => Builder.Zero(like);

    /// <summary>a + b.</summary>
    public Value Add(Value a, Value b) => Builder.Add(a, b);

    /// <summary>a - b.</summary>
    public Value Sub(Value a, Value b) => Builder.Sub(a, b);

    /// <summary>a * b, elementwise.</summary>
    public Value Mul(Value a, Value b) => Builder.Mul(a, b);

    /// <summary>a * b, elementwise.</summary>
    public Value Mul(Value a, double b) => Builder.Mul(a, b);

    /// <summary>a / b, elementwise.</summary>
    public Value Div(Value a, Value b) => Builder.Div(a, b);

    /// <summary>-x.</summary>
    public Value Neg(Value x) => Builder.Neg(x);

    /// <summary>The matrix product.</summary>
    public Value MatMul(Value a, Value b) => Builder.MatMul(a, b);

    /// <summary>Chooses elementwise.</summary>
    public Value Where(Value condition, Value a, Value b) => Builder.Where(condition, a, b);

    /// <summary>The shape as a 1-D Int64 value, a constant where it is static.</summary>
    public Value ShapeOf(Value x) => Builder.ShapeOf(x);

    /// <summary>Reshapes to a constant shape.</summary>
    public Value Reshape(Value x, params ReadOnlySpan<long> shape) => Builder.Reshape(x, shape);

    /// <summary>Reshapes to the shape of another value, which may be empty.</summary>
    public Value ReshapeLike(Value x, Value like)
    {
        bool isKnown = like.Shape is { } shape && shape.All(d => d.IsKnown && d.Size > 0);
        Value reshaped = like.Shape is { } free && ConstantShape(free) is { } sizes ? Builder.Reshape(x, sizes)
            : isKnown ? Builder.Reshape(x, Builder.ShapeOf(like))
            : Op("Reshape", [x, Builder.ShapeOf(like)], ("allowzero", AttributeValue.Of(1L)));
        reshaped.Type = new TensorType(x.ElementType, like.Shape);
        return reshaped;
    }

    // A single unknown size follows from the number of elements, unless there are none.
    private static long[]? ConstantShape(Shape shape) =>
        shape.Count(d => !d.IsKnown) == 1 && shape.All(d => !d.Is(0)) ? [.. shape.Select(d => d.IsKnown ? d.Size : -1)] : null;

    /// <summary>Gets the rank of a value.</summary>
    /// <exception cref="AutLearnException">The rank is unknown.</exception>
    public int RankOf(Value x) => x.Shape?.Rank
        ?? throw new AutLearnException($"The gradient of node '{Node.DisplayName}' ({Node.OpType}) needs the rank of '{x.Name}', which shape inference could not find. Declare shapes for the model's inputs.") { NodeName = Node.DisplayName };
}
