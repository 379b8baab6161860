namespace AutLearn.Graph.Inference;

/// <summary>Evaluates small integer tensors whose elements may be symbolic sizes, as exported shape arithmetic builds them.</summary>
/// <remarks>
/// Each value is evaluated once: a graph of n nodes has up to 2^n ways from a value back to its sources. In a graph that is visited in order
/// every result is remembered and none is looked for; for a single node its producers are followed, to a bounded depth and number.
/// Negative numbers are kept apart from sizes.
/// </remarks>
internal sealed class SymbolicInts
{
    private const int MaxDepth = 48;
    private const int MaxVisits = 512;
    private const int MaxElements = 64;

    private readonly Dictionary<Value, SymbolicInt[]?> _known = [];
    private readonly bool _followsProducers;
    private int _visits;

    private SymbolicInts(bool followsProducers) => _followsProducers = followsProducers;

    /// <summary>For a graph whose nodes are all shown to <see cref="Remember"/>, in their order.</summary>
    public static SymbolicInts OfGraph() => new(followsProducers: false);

    /// <summary>For one node, wherever it stands.</summary>
    public static SymbolicInts OfNode() => new(followsProducers: true);

    /// <summary>Gets what was remembered.</summary>
    public IReadOnlyDictionary<Value, SymbolicInt[]> Known => _known.Where(k => k.Value is not null).ToDictionary(k => k.Key, k => k.Value!);

    /// <summary>Gets the elements, or null where they are not known to be small shape arithmetic.</summary>
    public SymbolicInt[]? Evaluate(Value? value) => value is null ? null : Evaluate(value, MaxDepth);

    /// <summary>Evaluates what a node computes.</summary>
    public void Remember(Node node)
    {
        if (node.Is("Split"))
        {
            foreach (Value part in node.Outputs.OfType<Value>())
            {
                if (PartOf(node, part, MaxDepth) is { } some)
                    _known[part] = some;
            }
        }
        else if (node.Domain.Length == 0 && node.Output(0) is { } output && Compute(node, MaxDepth) is { } elements)
        {
            _known[output] = elements;
        }
    }

    private SymbolicInt[]? Evaluate(Value value, int depth)
    {
        if (value.Initializer is { } constant)
            return value.IsInput ? null : FromTensor(constant);
        if (_known.TryGetValue(value, out SymbolicInt[]? elements))
            return elements;
        if (!_followsProducers || depth == 0 || value.Producer is not { Domain: "" } node || ++_visits > MaxVisits)
            return null;
        elements = node.OpType == "Split" ? PartOf(node, value, depth) : Compute(node, depth);
        _known.Add(value, elements);
        return elements;
    }

    // Of a vector; where each part begins follows from the sizes of those before.
    private SymbolicInt[]? PartOf(Node split, Value part, int depth)
    {
        if (split.Input(0) is not { Shape.Rank: 1 } source || Evaluate(source, depth - 1) is not { } elements)
            return null;
        long start = 0;
        foreach (Value? output in split.Outputs)
        {
            if (output?.Shape is not { Rank: 1 } shape || !shape[0].IsKnown || shape[0].Size > elements.Length - start)
                return null;
            if (ReferenceEquals(output, part))
                return elements[(int)start..(int)(start + shape[0].Size)];
            start += shape[0].Size;
        }

        return null;
    }

    private SymbolicInt[]? Compute(Node node, int depth)
    {
        switch (node.OpType)
        {
            case "Constant":
                if (node.GetTensor("value") is { } tensor)
                    return FromTensor(tensor);
                if (node.GetInts("value_ints") is { } ints)
                    return ints.Length > MaxElements ? null : [.. ints.Select(i => new SymbolicInt(i))];
                return node.Attributes.ContainsKey("value_int") ? [new(node.GetInt("value_int", 0))] : null;
            case "Cast":
                return Cast(node, depth);
            case "Identity" or "Squeeze" or "Unsqueeze" or "Reshape":
                return node.Input(0) is { } source ? Evaluate(source, depth - 1) : null;
            case "Shape":
                return ShapeElements(node);
            case "Size":
                return node.Input(0)?.Shape is { } sized
                    ? [new(sized.Aggregate((Dimension)1L, SymbolicSize.Multiply))]
                    : null;
            case "Concat":
                return Concat(node, depth);
            case "Gather":
                return Gather(node, depth);
            case "Slice":
                return Slice(node, depth);
            case "Add" or "Sub" or "Mul" or "Div":
                return Arithmetic(node, depth);
            case "Neg":
                return node.Input(0) is { } operand && Evaluate(operand, depth - 1) is { } negated && negated.All(n => n.Number is > long.MinValue)
                    ? [.. negated.Select(n => new SymbolicInt(-n.Number!.Value))]
                    : null;
            case "ReduceProd" when node.Input(0) is { Shape.Rank: 1 } factors:
                return Evaluate(factors, depth - 1) is { Length: > 0 } multiplied && multiplied.Skip(1).Aggregate((SymbolicInt?)multiplied[0], (a, b) => a is { } x ? SymbolicInt.Apply("Mul", x, b) : null) is { } product
                    ? [product]
                    : null;
            case "ConstantOfShape":
                return Filled(node, depth);
            default:
                return null;
        }
    }

    // Not through real numbers: halves would be lost.
    private SymbolicInt[]? Cast(Node node, int depth)
    {
        if (node.Input(0) is not { } source || Evaluate(source, depth - 1) is not { } elements)
            return null;
        return node.GetInt("to", 0) switch
        {
            (long)ElementType.Int64 => elements,
            (long)ElementType.Int32 when elements.All(e => e.Number is null or (>= int.MinValue and <= int.MaxValue)) => elements,
            _ => null,
        };
    }

    private static SymbolicInt[]? FromTensor(Tensor tensor)
    {
        if (tensor.Count > MaxElements)
            return null;
        return tensor.ElementType switch
        {
            ElementType.Int64 => [.. tensor.Span<long>().ToArray().Select(i => new SymbolicInt(i))],
            ElementType.Int32 => [.. tensor.Span<int>().ToArray().Select(i => new SymbolicInt(i))],
            _ => null,
        };
    }

    private static SymbolicInt[]? ShapeElements(Node node)
    {
        if (node.Input(0)?.Shape is not { } shape)
            return null;
        (int start, int end) = ShapeRange(node, shape.Rank);
        return end - start > MaxElements ? null : [.. Enumerable.Range(start, Math.Max(0, end - start)).Select(i => new SymbolicInt(shape[i]))];
    }

    public static (int Start, int End) ShapeRange(Node node, int rank)
    {
        long start = node.GetInt("start", 0);
        long end = node.GetInt("end", rank);
        return ((int)Math.Clamp(start < 0 ? start + rank : start, 0, rank), (int)Math.Clamp(end < 0 ? end + rank : end, 0, rank));
    }

    private SymbolicInt[]? Concat(Node node, int depth)
    {
        var all = new List<SymbolicInt>();
        foreach (Value? input in node.Inputs)
        {
            if (input is null || Evaluate(input, depth - 1) is not { } part || all.Count + part.Length > MaxElements)
                return null;
            all.AddRange(part);
        }

        return [.. all];
    }

    private SymbolicInt[]? Gather(Node node, int depth)
    {
        if (node.Input(0) is not { } data || node.Input(1) is not { } index || data.Shape is not { Rank: 1 })
            return null;
        if (Evaluate(data, depth - 1) is not { } elements || Evaluate(index, depth - 1) is not { } indices)
            return null;
        var chosen = new SymbolicInt[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            if (indices[i].Number is not { } number)
                return null;
            number = number < 0 ? number + elements.Length : number;
            if (number < 0 || number >= elements.Length)
                return null;
            chosen[i] = elements[number];
        }

        return chosen;
    }

    private SymbolicInt[]? Slice(Node node, int depth)
    {
        if (node.Input(0) is not { } data || Evaluate(data, depth - 1) is not { } elements || node.Inputs.Count < 3)
            return null;
        if (Numbers(node.Input(1), depth) is not [long start] || Numbers(node.Input(2), depth) is not [long end])
            return null;
        long step = 1;
        if (node.Input(4) is { } steps)
        {
            if (Numbers(steps, depth) is not [long given])
                return null;
            step = given;
        }

        if (step <= 0)
            return null;
        long count = elements.Length;
        start = Math.Clamp(start < 0 ? start + count : start, 0, count);
        end = Math.Clamp(end < 0 ? end + count : end, 0, count);
        var chosen = new List<SymbolicInt>();
        for (long i = start; i < end; i += Math.Min(step, MaxElements))
            chosen.Add(elements[i]);
        return [.. chosen];
    }

    private long[]? Numbers(Value? value, int depth) =>
        value is not null && Evaluate(value, depth - 1) is { } ints && ints.All(i => i.Number is not null)
            ? [.. ints.Select(i => i.Number!.Value)]
            : null;

    private SymbolicInt[]? Arithmetic(Node node, int depth)
    {
        if (node.Input(0) is not { } left || node.Input(1) is not { } right)
            return null;
        if (Evaluate(left, depth - 1) is not { Length: > 0 } a || Evaluate(right, depth - 1) is not { Length: > 0 } b)
            return null;
        if (a.Length != b.Length && a.Length != 1 && b.Length != 1)
            return null;
        var result = new SymbolicInt[Math.Max(a.Length, b.Length)];
        for (int i = 0; i < result.Length; i++)
        {
            if (SymbolicInt.Apply(node.OpType, a[a.Length == 1 ? 0 : i], b[b.Length == 1 ? 0 : i]) is not { } element)
                return null;
            result[i] = element;
        }

        return result;
    }

    private SymbolicInt[]? Filled(Node node, int depth)
    {
        if (Numbers(node.Input(0), depth) is not [long count] || count is < 0 or > MaxElements)
            return null;
        Tensor fill = node.GetTensor("value") ?? Tensor.Vector(0f);
        return FromTensor(fill) is [SymbolicInt element] ? [.. Enumerable.Repeat(element, (int)count)] : null;
    }
}
