using AutLearn.Compiler.Passes;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Frees a model that was exported for one batch size: constants that hold the size are replaced by what holds for any.</summary>
/// <remarks>
/// Shapes are inferred node by node with the batch as a symbol; where a constant still holds the number, it gives way: in the target of a Reshape
/// or Expand, a Flatten before the first axis, the sizes of a Resize, the first dimension of a constant beside rows in a Concat, the initial states of a recurrent layer.
/// </remarks>
internal sealed class FixedBatch
{
    // A number that no layer is likely to have as another size.
    private const long SomeRows = 7919;

    private readonly OnnxModel _model;
    private readonly OnnxGraph _graph;
    private readonly long _size;
    private readonly string _symbol;

    // Where the batch is only part of a dimension k * N: how many elements of the dimension stand for one step of the batch.
    private readonly Dictionary<Value, long> _below = [];
    private GraphBuilder? _builder;

    /// <param name="model">A sorted model whose inputs have the symbol already.</param>
    /// <param name="size">The batch size of the export.</param>
    /// <param name="symbol">The batch.</param>
    public FixedBatch(OnnxModel model, long size, string symbol)
    {
        _model = model;
        _graph = model.Graph;
        _size = size;
        _symbol = symbol;
    }

    /// <summary>Frees the batch and infers the shapes of all values.</summary>
    /// <exception cref="InvalidModelException">A node works for the one batch size alone; it is named.</exception>
    public void Free(CancellationToken cancellationToken)
    {
        _builder = new GraphBuilder(_graph, _model.Opset, cancellationToken);
        ForgetComputedShapes();
        _graph.SortTopologically();
        foreach (Node node in _graph.Nodes.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            _builder.NameStem = node.DisplayName;
            try
            {
                Adapt(node);
                ShapeInference.InferNode(node, _model.Opset);
                Follow(node);
            }
            catch (InvalidModelException error)
            {
                throw Fixed(error);
            }
        }

        _graph.SortTopologically();
        Verify(cancellationToken);
    }

    // Symbols that do not match may be equal after all; numbers may not. What holds for this many rows holds for others.
    private void Verify(CancellationToken cancellationToken)
    {
        OnnxModel several = _model.Clone();
        new DeadNodeElimination().Run(several, cancellationToken);
        foreach (Value value in several.Graph.Values.Where(v => v.Initializer is null))
        {
            if (value.Type is { Shape: { } shape } type)
                value.Type = type with { Shape = value.Producer is null ? new Shape(shape.Select(d => d.Symbol == _symbol ? SomeRows : d)) : null };
        }

        try
        {
            ShapeInference.Infer(several, DeclaredShapes.Hints, cancellationToken);
        }
        catch (InvalidModelException error)
        {
            throw Fixed(error);
        }
    }

    private InvalidModelException Fixed(InvalidModelException error) =>
        new($"The model is exported for a fixed batch of {_size} and does not work for others ({error.Message}). Export it with a free batch dimension, or fix the inputs that hold states (--fix NAME=0).", error) { NodeName = error.NodeName };

    // The element type holds for any batch; so do the sizes behind an operator that nobody here knows, but for the batch itself.
    private void ForgetComputedShapes()
    {
        foreach (Value value in _graph.Values.Where(v => v.Producer is not null))
        {
            if (value.Type is { Shape: { } shape } type)
                value.Type = type with { Shape = value.Producer!.Domain.Length == 0 ? null : shape.Rank > 0 && shape[0].Is(_size) ? shape.With(0, _symbol) : shape };
        }
    }

    private void Adapt(Node node)
    {
        switch (node.Domain.Length == 0 ? node.OpType : "")
        {
            case "Reshape":
                FreeReshape(node);
                break;
            case "Flatten" when _size == 1 && node.GetInt("axis", 1) == 0 && AxisOf(node.Input(0)?.Shape) == 0:
                // One row in front, as long as there was one.
                node.SetAttribute("axis", AttributeValue.Of(1L));
                break;
            case "Expand" when node.Input(0)?.Shape is { } source:
                FreeSizes(node, 1, source);
                break;
            case "Resize" when node.Input(0)?.Shape is { } source && node.GetInts("axes") is null:
                FreeSizes(node, 3, source);
                break;
            case "Concat":
                FreeConcat(node);
                break;
            case "LSTM":
                FreeState(node, 5);
                FreeState(node, 6);
                break;
            case "GRU" or "RNN":
                FreeState(node, 5);
                break;
        }
    }

    private static long[]? ConstantOf(Value? value) => value is { IsConstant: true } ? ConstantEvaluator.Integers(value.Initializer) : null;

    private int AxisOf(Shape? shape) => shape is null ? -1 : shape.ToList().FindIndex(d => d.Symbol == _symbol);

    private void Follow(Node node)
    {
        foreach (Value output in node.Outputs.OfType<Value>())
        {
            if (output.Shape is { } shape && shape.FirstOrDefault(d => d.MultipleOf(_symbol) > 1) is { Symbol: { } product } && !_below.ContainsKey(output)
                && node.Inputs.FirstOrDefault(i => i is not null && _below.ContainsKey(i) && i.Shape!.Any(d => d.Symbol == product)) is { } input)
            {
                _below.Add(output, _below[input]);
            }
        }
    }

    private void FreeReshape(Node node)
    {
        if (node.Input(0) is not { Shape: { } source } x || ConstantOf(node.Input(1)) is not { } target)
            return;
        int axis = source.ToList().FindIndex(d => d.MultipleOf(_symbol) is not null);
        if (axis < 0)
            return;
        long factor = source[axis].MultipleOf(_symbol)!.Value;
        bool copiesZero = node.GetInt("allowzero", 0) == 0;
        if (target.Contains(0) && !copiesZero)
            return;
        long[] sizes = [.. target.Select((t, i) => t == 0 && i < source.Rank ? source[i].IsKnown ? source[i].Size : i == axis ? factor * _size : 0 : t)];
        long? stride = source.Skip(axis + 1).All(d => d.IsKnown) ? source.Skip(axis + 1).Aggregate(_below.GetValueOrDefault(x, 1), (a, d) => a * d.Size) : null;
        long? total = source.Where((_, i) => i != axis).All(d => d.IsKnown) ? source.Aggregate(1L, (a, d) => a * (d.IsKnown ? d.Size : factor * _size)) : null;
        int open = Array.IndexOf(sizes, -1);
        if (open >= 0 && total is { } all && sizes.Where((_, i) => i != open).Aggregate(1L, (a, s) => a * s) is > 0 and var rest && all % rest == 0)
            sizes[open] = all / rest;
        int at = PositionOf(sizes, factor == 1 ? axis : -1, stride, target);
        if (at >= 0 && stride is { } s && !sizes.AsSpan().ContainsAny(-1, 0) && sizes[at] != _size)
            _below[node.Outputs[0]!] = Math.Max(1, s / sizes.Skip(at + 1).Aggregate(1L, (a, n) => a * n));
        if (_size == 1 && axis == 0 && factor == 1 && sizes is [_, 1, _] && sizes[0] != 1 && node.Outputs[0]!.Uses.Any(u => u.InputIndex == 0 && u.Node.OpType is "LSTM" or "GRU" or "RNN"))
        {
            TurnToTimeFirst(node, x, sizes);
            return;
        }

        if (at < 0 || target[at] == -1 || (target[at] == 0 && at == axis))
            return;

        // The batch is what remains, where the rest is known; else it is copied from the same place.
        long[] free = [.. sizes.Select((s, i) => i == at ? -1 : target[i] == 0 && s == 0 ? 0 : s)];
        if (free.Count(s => s == -1) > 1)
        {
            if (at != axis || sizes[at] != _size)
                return;
            free = [.. target];
            free[at] = 0;
        }

        SetConstant(node, 1, free);
        if (!copiesZero)
            node.RemoveAttribute("allowzero");
    }

    // In row-major order the batch spans the strides from s to s * size. That is inside one dimension of the target; for a batch of one it is
    // between two, where a 1 in the target is the batch itself, else the dimension before it has taken it in, as sequences beside each other.
    private int PositionOf(long[] sizes, int axis, long? stride, long[] target)
    {
        if (axis >= 0 && axis < sizes.Length && (sizes[axis] == _size || target[axis] == -1))
            return axis;
        if (stride is not { } s || sizes.Contains(-1) || sizes.Contains(0))
            return sizes.Length > 0 && sizes[0] == _size ? 0 : -1;
        long after = 1;
        int below = -1;
        for (int p = sizes.Length - 1; p >= 0; p--)
        {
            bool isInside = _size > 1
                ? after <= s && s * _size <= after * sizes[p] && sizes[p] % _size == 0
                : sizes[p] == 1 && after == s;
            if (isInside)
                return p;
            if (_size == 1 && (after == s || (below < 0 && after * sizes[p] == s)))
                below = p;
            after *= sizes[p];
        }

        return below;
    }

    // With one row, rows first and time first are the same numbers in the same order, and a converter writes a Reshape for the Transpose that it stands for.
    private void TurnToTimeFirst(Node node, Value x, long[] sizes)
    {
        Value rows = _builder!.Reshape(x, -1, sizes[0], sizes[2]);
        _graph.ReplaceAllUses(node.Outputs[0]!, _builder.Transpose(rows, 1, 0, 2));
    }

    // Sizes that are written out beside a source whose batch is free.
    private void FreeSizes(Node node, int input, Shape source)
    {
        if (ConstantOf(node.Input(input)) is not { } sizes || AxisOf(source) is not (>= 0 and var axis))
            return;
        int at = sizes.Length - source.Rank + axis;
        if (at < 0 || sizes[at] != _size || (_size == 1 && node.Is("Expand")))
            return;
        SetSizes(node, input, sizes, at, node.Inputs[0]!, axis);
    }

    // A constant of the batch's size beside rows (the class token of a vision transformer) is repeated for as many rows as there are.
    private void FreeConcat(Node node)
    {
        Value? rows = node.Inputs.FirstOrDefault(i => AxisOf(i?.Shape) >= 0);
        if (rows?.Shape is not { } shape)
            return;
        int axis = AxisOf(shape);
        long along = node.GetInt("axis", 0);
        if ((along < 0 ? along + shape.Rank : along) == axis)
            return;
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            if (node.Inputs[i] is { } part && part.Shape is { IsStatic: true } own && own.Rank == shape.Rank && own[axis].Is(_size))
                Repeat(node, i, part, own.ToSizes(), axis, rows, axis);
        }
    }

    // Initial states are [directions, batch, hidden].
    private void FreeState(Node node, int input)
    {
        if (node.Input(input) is not { } state || state.Shape is not { IsStatic: true, Rank: 3 } shape || node.Input(0) is not { } x || AxisOf(x.Shape) is not (>= 0 and var axis)
            || !shape[1].Is(_size))
        {
            return;
        }

        Repeat(node, input, state, shape.ToSizes(), 1, x, axis);
    }

    private void Repeat(Node node, int input, Value value, long[] sizes, int at, Value rows, int axis)
    {
        if (value.Producer is { } expand && expand.Is("Expand") && expand.Input(0) is { Initializer: { } narrow } source
            && at - sizes.Length + narrow.Dimensions.Length is var own && (own < 0 || narrow.Dimensions[own] == 1))
        {
            _graph.SetInput(node, input, _builder!.Op("Expand", [source, SizesWith(sizes, at, rows, axis)]));
            return;
        }

        if (_size != 1)
        {
            if (value.Initializer is not { } constant || FirstOf(constant, at) is not { } first)
                throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) reads '{value.Name}', which holds different values for each of {_size} rows") { NodeName = node.DisplayName };
            value = _graph.AddInitializer(_graph.UniqueName($"{value.Name}.row"), first);
        }

        long[] ones = [.. sizes.Select(_ => 1L)];
        Value repeated = _builder!.Op("Expand", [value, SizesWith(ones, at, rows, axis)]);
        _graph.SetInput(node, input, repeated);
    }

    // The part for one row, where all rows have the same.
    private static Tensor? FirstOf(Tensor tensor, int axis)
    {
        int rows = (int)tensor.Dimensions[axis];
        int outer = (int)tensor.Dimensions.Take(axis).Aggregate(1L, (a, b) => a * b);
        ReadOnlySpan<byte> bytes = tensor.Bytes.Span;
        int block = bytes.Length / Math.Max(1, outer * rows);
        byte[] first = new byte[outer * block];
        for (int o = 0; o < outer; o++)
        {
            ReadOnlySpan<byte> row = bytes.Slice(o * rows * block, block);
            for (int r = 1; r < rows; r++)
            {
                if (!bytes.Slice(((o * rows) + r) * block, block).SequenceEqual(row))
                    return null;
            }

            row.CopyTo(first.AsSpan(o * block));
        }

        return new(tensor.ElementType, tensor.Dimensions.SetItem(axis, 1).AsSpan(), first);
    }

    private void SetSizes(Node node, int input, long[] sizes, int at, Value rows, int axis) => _graph.SetInput(node, input, SizesWith(sizes, at, rows, axis));

    private void SetConstant(Node node, int input, long[] sizes) =>
        _graph.SetInput(node, input, _graph.AddInitializer(_graph.UniqueName($"{node.Inputs[input]!.Name}.free_batch"), Tensor.Vector<long>(sizes)));

    private Value SizesWith(long[] sizes, int at, Value rows, int axis)
    {
        GraphBuilder builder = _builder!;
        var parts = new List<Value?>();
        if (at > 0)
            parts.Add(builder.Ints(sizes.AsSpan(0, at)));
        parts.Add(builder.SizeOf(rows, axis));
        if (at + 1 < sizes.Length)
            parts.Add(builder.Ints(sizes.AsSpan(at + 1)));
        return builder.Concat(0, [.. parts]);
    }
}
