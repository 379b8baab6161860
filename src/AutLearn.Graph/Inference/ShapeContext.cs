namespace AutLearn.Graph.Inference;

/// <summary>What a shape rule sees of a node, and where it puts its answer.</summary>
internal sealed class ShapeContext
{
    private readonly DeclaredShapes _declared;
    private SymbolicInts? _ints;

    public ShapeContext(Node node, long opset, SymbolicInts? ints, DeclaredShapes declared)
    {
        _declared = declared;
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
        return normal >= 0 && normal < rank ? (int)normal : throw Error($"has axis {axis}, which a tensor of rank {rank} lacks");
    }

    /// <summary>Gets different axes in the given order.</summary>
    public int[] DistinctAxes(ReadOnlySpan<long> axes, int rank)
    {
        int[] normal = new int[axes.Length];
        var seen = new HashSet<int>();
        for (int i = 0; i < axes.Length; i++)
        {
            normal[i] = Axis(axes[i], rank);
            if (!seen.Add(normal[i]))
                throw Error($"names axis {axes[i]} twice");
        }

        return normal;
    }

    /// <summary>Takes a computed number for a size.</summary>
    /// <param name="number">The number.</param>
    /// <param name="what">What it is, such as <c>hidden_size</c>.</param>
    public Dimension Size(Int128 number, string what) =>
        number < 0 ? throw Error($"has {what} {number}, which is negative")
        : number > Shape.LargestCount ? throw Error($"has {what} {number}, which no machine can hold")
        : (long)number;

    /// <summary>Takes an element of a shape-like input for a size.</summary>
    public Dimension Size(SymbolicInt given, string what) => given.Number is { } number ? Size((Int128)number, what) : given.Size;

    /// <summary>Takes a shape-like input's elements for sizes.</summary>
    public Shape Sizes(SymbolicInt[] given, string what) => new(given.Select(s => Size(s, what)));

    /// <summary>Gets an element type that an attribute names.</summary>
    public ElementType TypeIn(string attribute, ElementType fallback)
    {
        if (!Node.Attributes.ContainsKey(attribute))
            return fallback;
        long number = Node.GetInt(attribute, 0);
        return number is > 0 and <= int.MaxValue && Enum.IsDefined((ElementType)number)
            ? (ElementType)number
            : throw Error($"has {attribute} {number}, which is no element type");
    }

    /// <summary>Multiplies; numbers whose product no machine can hold are refused.</summary>
    public Dimension Multiply(Dimension a, Dimension b, string what) =>
        a.IsKnown && b.IsKnown ? Size((Int128)a.Size * b.Size, what) : SymbolicSize.Multiply(a, b);

    /// <summary>Adds; numbers whose sum no machine can hold are refused.</summary>
    public Dimension Add(Dimension a, Dimension b, string what) =>
        a.IsKnown && b.IsKnown ? Size((Int128)a.Size + b.Size, what) : SymbolicSize.Add(a, b);

    /// <summary>Divides a size by one that must divide it.</summary>
    public Dimension Divide(Dimension size, long by, string what) =>
        size.IsKnown && size.Size % by != 0 ? throw Error($"has {what} {size}, which {by} does not divide") : SymbolicSize.Divide(size, by);

    /// <summary>States an output's type; what was known before is merged with it.</summary>
    public void Set(int output, ElementType type, Shape? shape)
    {
        if (Node.Output(output) is not { } value)
            return;
        if (shape is { IsPlausible: false })
            throw Error($"gives '{value.Name}' the shape {shape}, which no machine can hold");
        if (value.Type is not { } declared)
        {
            // Most operators keep the type of what they read; one object serves a whole chain.
            value.Type = type == ElementType.Undefined && shape is null ? null
                : Node.Input(0)?.Type is { } kept && kept.ElementType == type && Equals(kept.Shape, shape) ? kept
                : new(type, shape);
            return;
        }

        if (type != ElementType.Undefined && declared.ElementType != ElementType.Undefined && type != declared.ElementType)
            throw Error($"gives {type} for '{value.Name}', which is declared {declared.ElementType}");
        Shape? merged = Merge(shape, declared.Shape, value.Name);
        ElementType settled = type == ElementType.Undefined ? declared.ElementType : type;
        if (settled != declared.ElementType || !Equals(merged, declared.Shape))
            value.Type = new(settled, merged);
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
        bool isHint = _declared == DeclaredShapes.Hints;
        if (inferred.Rank != declared.Rank)
            return isHint ? inferred : throw Error($"gives shape {inferred} for '{name}', which is declared {declared}");
        var merged = new Dimension[inferred.Rank];
        for (int i = 0; i < merged.Length; i++)
        {
            if (inferred[i].IsKnown && declared[i].IsKnown && inferred[i] != declared[i] && !isHint)
                throw Error($"gives shape {inferred} for '{name}', which is declared {declared}");
            merged[i] = inferred[i].IsKnown || (inferred[i].Symbol is not null && (isHint || !declared[i].IsKnown)) ? inferred[i] : declared[i];
        }

        return new(merged);
    }
}
