namespace AutLearn.Graph.Inference;

/// <summary>What a shape rule sees of a node, and where it puts its answer.</summary>
internal sealed class ShapeContext
{
    private SymbolicInts? _ints;

    public ShapeContext(Node node, long opset, SymbolicInts? ints)
    {
        Node = node;
        Opset = opset;
        _ints = ints;
    }

    public Node Node { get; }

    public long Opset { get; }

    public Shape? ShapeOf(int input) => Node.Input(input)?.Shape;

    public ElementType TypeOf(int input) => Node.Input(input)?.ElementType ?? ElementType.Undefined;

    /// <summary>Gets a required input's shape; null where unknown.</summary>
    public Shape? Required(int input) => Node.Input(input) is { } value
        ? value.Shape
        : throw Error($"lacks its input {input}");

    public SymbolicInt[]? Ints(int input) => (_ints ??= SymbolicInts.OfNode()).Evaluate(Node.Input(input));

    /// <summary>Gets numbers from an input, or from an attribute of older opsets; null where neither is known.</summary>
    public long[]? Numbers(int input, string attribute)
    {
        if (Node.GetInts(attribute) is { } given)
            return [.. given];
        return Ints(input) is { } ints && ints.All(i => i.Number is not null) ? [.. ints.Select(i => i.Number!.Value)] : null;
    }

    /// <summary>Tells whether axes were given at all, as input or attribute.</summary>
    public bool Has(int input, string attribute) => Node.Input(input) is not null || Node.Attributes.ContainsKey(attribute);

    public int Axis(long axis, int rank)
    {
        long normal = axis < 0 ? axis + rank : axis;
        return normal >= 0 && normal < Math.Max(rank, 1) ? (int)normal : throw Error($"has axis {axis}, which a tensor of rank {rank} lacks");
    }

    /// <summary>States an output's type; what was known before is merged with it.</summary>
    public void Set(int output, ElementType type, Shape? shape)
    {
        if (Node.Output(output) is not { } value)
            return;
        if (shape is { IsPlausible: false })
            throw Error($"gives '{value.Name}' the shape {shape}, which no machine can hold");
        if (value.Type is not { } declared)
        {
            value.Type = type == ElementType.Undefined && shape is null ? null : new(type, shape);
            return;
        }

        if (type != ElementType.Undefined && declared.ElementType != ElementType.Undefined && type != declared.ElementType)
            throw Error($"gives {type} for '{value.Name}', which is declared {declared.ElementType}");
        value.Type = new(type == ElementType.Undefined ? declared.ElementType : type, Merge(shape, declared.Shape, value.Name));
    }

    public InvalidModelException Error(string what) =>
        new($"Node '{Node.DisplayName}' ({Node.OpType}) {what}.") { NodeName = Node.DisplayName };

    /// <summary>Broadcasts as NumPy does.</summary>
    public Shape? Broadcast(Shape? a, Shape? b)
    {
        if (a is null || b is null)
            return null;
        int rank = Math.Max(a.Rank, b.Rank);
        var dimensions = new Dimension[rank];
        for (int i = 0; i < rank; i++)
        {
            Dimension x = i < rank - a.Rank ? 1 : a[i - rank + a.Rank];
            Dimension y = i < rank - b.Rank ? 1 : b[i - rank + b.Rank];
            dimensions[i] = BroadcastOne(x, y, a, b);
        }

        return new(dimensions);
    }

    public Shape? BroadcastInputs(int first, int count)
    {
        Shape? shape = Required(first);
        for (int i = first + 1; i < first + count; i++)
            shape = Broadcast(shape, Required(i));
        return shape;
    }

    /// <summary>Unifies two statements about one dimension.</summary>
    public Dimension Unify(Dimension a, Dimension b, string what)
    {
        if (a.IsKnown && b.IsKnown && a != b)
            throw Error($"needs equal {what}, but they are {a} and {b}");
        return a.IsKnown ? a : b.IsKnown ? b : a.Symbol is not null ? a : b;
    }

    private Dimension BroadcastOne(Dimension x, Dimension y, Shape a, Shape b)
    {
        if (x.Is(1))
            return y;
        if (y.Is(1) || x.IsSameSizeAs(y))
            return x;
        if (x.IsKnown && y.IsKnown)
            throw Error($"cannot broadcast {a} with {b}");

        // A number above 1 settles an unknown; two different symbols stay open.
        return x.IsKnown ? x : y.IsKnown ? y : Dimension.Unknown;
    }

    private Shape? Merge(Shape? inferred, Shape? declared, string name)
    {
        if (inferred is null || declared is null)
            return inferred ?? declared;
        if (inferred.Rank != declared.Rank)
            throw Error($"gives shape {inferred} for '{name}', which is declared {declared}");
        var merged = new Dimension[inferred.Rank];
        for (int i = 0; i < merged.Length; i++)
        {
            if (inferred[i].IsKnown && declared[i].IsKnown && inferred[i] != declared[i])
                throw Error($"gives shape {inferred} for '{name}', which is declared {declared}");
            merged[i] = inferred[i].IsKnown || (inferred[i].Symbol is not null && !declared[i].IsKnown) ? inferred[i] : declared[i];
        }

        return new(merged);
    }
}
