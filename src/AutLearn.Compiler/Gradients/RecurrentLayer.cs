using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>What RNN, GRU and LSTM share: inputs by direction with time first, and gradients put together again.</summary>
internal sealed class RecurrentLayer
{
    private readonly Dictionary<(Value Value, int Axis), Value[]> _slices = [];
    private readonly GraphBuilder _b;
    private readonly int _gates;
    private readonly bool _isBatchFirst;
    private readonly Value _batch;

    public RecurrentLayer(GradientContext context, int gates)
    {
        Context = context;
        _b = context.Builder;
        _gates = gates;
        Node node = context.Node;
        if (node.Attributes.ContainsKey("clip"))
            throw new UnsupportedGradientException([$"'{node.DisplayName}' ({node.OpType} with 'clip')"]);
        string direction = node.GetString("direction", "forward");
        Directions = direction == "bidirectional" ? 2 : 1;
        StartsReverse = direction == "reverse";
        _isBatchFirst = node.GetInt("layout", 0) != 0;
        Hidden = context.Input(2).Shape is { Rank: 3 } r && r[2].IsKnown ? r[2].Size
            : throw new AutLearnException($"The gradient of node '{node.DisplayName}' ({node.OpType}) needs the hidden size from the shape of '{context.Input(2).Name}', which is unknown.");
        X = _isBatchFirst ? _b.Transpose(context.Input(0), 1, 0, 2) : context.Input(0);
        Rows = _b.Reshape(X, context.JoinSizes(context.Ints(-1), _b.SizeOf(X, 2)));
        _batch = _b.SizeOf(X, 1);
        if (context.OptionalInput(4) is { } lengths)
            Live = IsLive(lengths);
        Mask = Live is null ? null : _b.CastLike(Live, X);
    }

    public GradientContext Context { get; }

    public long Hidden { get; }

    public int Directions { get; }

    /// <summary>Gets x, [T, N, input].</summary>
    public Value X { get; }

    /// <summary>Gets x, [T N, input].</summary>
    public Value Rows { get; }

    /// <summary>Gets whether a step lies within its sequence, Bool [T, N, 1]; null where all do.</summary>
    public Value? Live { get; }

    /// <summary>Gets <see cref="Live"/> as 1 and 0.</summary>
    public Value? Mask { get; }

    private bool StartsReverse { get; }

    /// <summary>Replaces the forward node by what the directions compute and returns the gradients of its inputs.</summary>
    public Value?[] Differentiate(Func<int, RecurrentDirection> create)
    {
        string stem = _b.NameStem;
        _b.NameStem = Context.Node.DisplayName;
        RecurrentDirection[] directions = [.. Enumerable.Range(0, Directions).Select(create)];
        Value[][] results = [.. directions.Select(d => d.Forward())];
        var outputs = new Value?[Context.Node.Outputs.Count];
        for (int o = 0; o < outputs.Length; o++)
        {
            if (Context.Node.Output(o) is not null)
                outputs[o] = JoinOutput(o, [.. results.Select(r => r[o])]);
        }

        _b.NameStem = stem;
        Value?[][] gradients = [.. directions.Select((d, i) => d.Backward(OutputGradient(0, i), OutputGradient(1, i), OutputGradient(2, i)))];
        var joined = new Value?[Context.InputCount];
        for (int i = 0; i < joined.Length; i++)
        {
            Value[] parts = [.. gradients.Select(d => d[i]).OfType<Value>()];
            if (Context.NeedsGradient(i) && parts.Length > 0)
                joined[i] = JoinInput(i, parts);
        }

        Context.ReplaceForward(outputs);
        return joined;
    }

    public bool IsReverse(int direction) => StartsReverse || direction == 1;

    /// <summary>Gets one direction of an input of shape [directions, ...].</summary>
    public Value Part(int input, int direction) => Slice(Context.Input(input), 0, direction);

    public Value? OptionalPart(int input, int direction) => Context.OptionalInput(input) is { } value ? Slice(value, 0, direction) : null;

    /// <summary>Gets both biases of a direction, each [gates hidden]; null where they are left out.</summary>
    public (Value? Input, Value? Recurrent) Biases(int direction)
    {
        if (OptionalPart(3, direction) is not { } both)
            return (null, null);
        Value[] parts = Split(_b, both, 0, _gates * Hidden, _gates * Hidden);
        return (parts[0], parts[1]);
    }

    /// <summary>Gets an initial state, [N, hidden].</summary>
    public Value InitialState(int input, int direction) => Context.OptionalInput(input) is { } value
        ? Slice(value, _isBatchFirst ? 1 : 0, direction)
        : ZeroState();

    public Value ZeroState()
    {
        Tensor zero = GraphBuilder.ScalarTensor(X.ElementType, 0);
        return _b.Op("ConstantOfShape", [Context.JoinSizes(_batch, Context.Ints(Hidden))], ("value", AttributeValue.Of(new Tensor(zero.ElementType, [1], zero.Bytes))));
    }

    /// <summary>x W^T + bias of a direction at every step, [T, N, gates hidden].</summary>
    public Value GateInputs(int direction, Value? bias)
    {
        Value product = _b.Op("Gemm", [Rows, Part(1, direction), bias], ("transB", AttributeValue.Of(1L)));
        return _b.Reshape(product, Context.JoinSizes(_b.SizeOf(X, 0), _b.SizeOf(X, 1), Context.Ints(_gates * Hidden)));
    }

    /// <summary>Stacks steps: [T, N, width] to [T N, width].</summary>
    public Value Flatten(Value steps, long width) => _b.Reshape(steps, -1, width);

    /// <summary>a^T b over all steps, both [T N, ...].</summary>
    public Value OuterProduct(Value a, Value b) => _b.Op("Gemm", [a, b], ("transA", AttributeValue.Of(1L)));

    /// <summary>Fills in dx, dW and dB from the gradient of the gates' sums, [T N, gates hidden].</summary>
    public void InputGradients(Value?[] result, int direction, Value inputGates, Value recurrentGates)
    {
        if (Context.NeedsGradient(0))
        {
            result[0] = _b.Reshape(_b.Op("Gemm", [inputGates, Part(1, direction)]), Context.ShapeOf(X));
            result[0]!.Type = X.Type;
        }

        if (Context.NeedsGradient(1))
            result[1] = OuterProduct(inputGates, Rows);
        if (!Context.NeedsGradient(3))
            return;
        Value sum = _b.ReduceSum(inputGates, 0);
        result[3] = _b.Concat(0, sum, ReferenceEquals(inputGates, recurrentGates) ? sum : _b.ReduceSum(recurrentGates, 0));
    }

    public static Value[] Split(GraphBuilder b, Value x, Value sizes, int count, int axis) =>
        b.Ops("Split", count, [x, sizes], ("axis", AttributeValue.Of((long)axis)));

    public static Value[] Split(GraphBuilder b, Value x, int axis, params ReadOnlySpan<long> sizes) => Split(b, x, b.Ints(sizes), sizes.Length, axis);

    // y is 0 and the state stays from the end of each sequence on.
    private Value IsLive(Value lengths)
    {
        Value steps = _b.Op("Range", [Context.Int(0), _b.Op("Squeeze", [_b.SizeOf(X, 0), Context.Ints(0)]), Context.Int(1)]);
        return _b.Less(_b.Reshape(steps, -1, 1, 1), _b.Reshape(_b.Cast(lengths, ElementType.Int64), 1, -1, 1));
    }

    private Value? OutputGradient(int output, int direction)
    {
        if (Context.OptionalOutputGradient(output) is not { } gradient)
            return null;
        if (output > 0)
            return Slice(gradient, _isBatchFirst ? 1 : 0, direction);
        Value part = Slice(gradient, _isBatchFirst ? 2 : 1, direction);
        return _isBatchFirst ? _b.Transpose(part, 1, 0, 2) : part;
    }

    private Value JoinOutput(int output, Value[] parts)
    {
        if (_isBatchFirst && output == 0)
            parts = [.. parts.Select(p => _b.Transpose(p, 1, 0, 2))];
        return Stack(parts, (output, _isBatchFirst) switch { (0, false) => 1, (0, true) => 2, (_, false) => 0, _ => 1 });
    }

    private Value JoinInput(int input, Value[] parts)
    {
        if (input == 0)
        {
            Value dx = parts.Length == 1 ? parts[0] : _b.Add(parts[0], parts[1]);
            return _isBatchFirst ? _b.Transpose(dx, 1, 0, 2) : dx;
        }

        return Stack(parts, _isBatchFirst && input is 5 or 6 ? 1 : 0);
    }

    private Value Stack(Value[] parts, int axis)
    {
        Value[] expanded = [.. parts.Select(p => _b.Op("Unsqueeze", [p, _b.Ints(axis)]))];
        return expanded.Length == 1 ? expanded[0] : _b.Concat(axis, expanded);
    }

    private Value Slice(Value value, int axis, int direction)
    {
        if (!_slices.TryGetValue((value, axis), out Value[]? parts))
        {
            parts = Directions == 1 ? [value] : Split(_b, value, axis, 1, 1);
            parts = [.. parts.Select(p => _b.Op("Squeeze", [p, _b.Ints(axis)]))];
            _slices.Add((value, axis), parts);
        }

        return parts[direction];
    }
}
