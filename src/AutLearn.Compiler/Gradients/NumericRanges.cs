using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Bounds of a graph's values and where they may be infinite or no numbers, by one pass of interval arithmetic in graph order.</summary>
/// <remarks>
/// Parameters, products and inputs are taken to be finite; what may not be stems from divisions, logarithms, roots and powers whose argument
/// is not bounded away from their poles, from exponentials that may overflow, and from masks. Moore, Interval Analysis, 1966.
/// </remarks>
internal sealed class NumericRanges
{
    // Masks are often the lowest number of their type, and two of them together overflow.
    private const double Huge = 0.25;

    private const double LowestFallback = -1e3;

    private const int SearchLimit = 1024;

    private readonly Dictionary<Value, NumericRange> _ranges = [];
    private readonly HashSet<Value> _dependent;
    private readonly HashSet<Value> _withoutZero = [];

    /// <summary>Visits a graph.</summary>
    /// <param name="graph">Topologically sorted.</param>
    /// <param name="dependent">The values that depend on what is differentiated by.</param>
    public NumericRanges(OnnxGraph graph, HashSet<Value> dependent)
    {
        _dependent = dependent;
        Add(graph.Nodes);
    }

    /// <summary>Visits further nodes, in graph order.</summary>
    public void Add(IEnumerable<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            NumericRange range = node.Domain.Length == 0 ? OutputOf(node) : Other(node);
            if (range == NumericRange.Unknown)
                continue;
            foreach (Value? output in node.Outputs)
            {
                if (output is not null)
                    _ranges[output] = range;
            }
        }
    }

    public NumericRange Of(Value value)
    {
        if (_ranges.TryGetValue(value, out NumericRange range))
            return range;
        if (!value.IsConstant)
            return NumericRange.Unknown with { IsFed = value.IsInput && value.ElementType.IsFloatingPoint() && !_dependent.Contains(value) };
        return _ranges[value] = OfConstant(value);
    }

    /// <summary>Tells whether an element may be 0.</summary>
    public bool MayBeZero(Value value) => Of(value).HoldsZero && !_withoutZero.Contains(value);

    /// <summary>Gets the one number that a constant holds; null for others.</summary>
    public static double? ConstantNumber(Value? value) =>
        value is { IsConstant: true, Initializer: { Count: 1 } tensor } && Numbers(tensor) is [var number] ? number : null;

    private NumericRange OutputOf(Node node) => node.OpType switch
    {
        "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Transpose" or "Expand" or "Tile" or "Identity" or "Slice" or "Gather"
            or "GatherElements" or "GatherND" or "Split" or "Cast" or "CastLike" or "DepthToSpace" or "SpaceToDepth" => In(node, 0),
        "ReduceMean" or "ReduceMin" or "GlobalAveragePool" or "GlobalMaxPool" => In(node, 0).Computed(),
        "Concat" or "Max" or "Min" => Joined(node),
        "Shape" or "Size" => new(0, double.PositiveInfinity),
        "Add" or "Sum" or "Sub" => Added(node),
        "Mul" => Multiplied(node),
        "Div" => Divided(node, In(node, 0), node.Input(1)!),
        "Reciprocal" => Divided(node, new(1, 1), node.Input(0)!),
        "Pow" => Raised(node),
        "Where" => Chosen(node),
        "Softmax" or "LogSoftmax" or "ReduceLogSumExp" or "ReduceMax" => OverRows(node),
        "ReduceSum" => Total(In(node, 0)),
        "ReduceL1" or "ReduceL2" or "ReduceSumSquare" => Other(node).Within(0, double.PositiveInfinity),
        "Clip" => Clipped(node),
        _ => OfFunction(node, In(node, 0)),
    };

    private NumericRange OfFunction(Node node, NumericRange x) => node.OpType switch
    {
        "Relu" => x.Computed().Within(Math.Max(0, x.Low), Math.Max(0, x.High)),
        "Softplus" => x.Computed().Within(0, double.PositiveInfinity),
        "Sigmoid" or "HardSigmoid" => x.Computed().Within(0, 1) with { MayBeInfinite = false },
        "Tanh" or "Erf" or "Softsign" => x.Computed().Within(-1, 1) with { MayBeInfinite = false },
        "Atan" => new(-Math.PI / 2, Math.PI / 2) { MayBeNaN = x.MayBeNaN },
        "Asin" or "Acos" => new(-Math.PI, Math.PI) { MayBeNaN = x.MayBeNaN || x.Low < -1 || x.High > 1 },
        "Acosh" => new(0, double.PositiveInfinity) { MayBeNaN = x.MayBeNaN || x.Low < 1, MayBeInfinite = x.MayBeInfinite },
        "Atanh" => NumericRange.Unknown with { MayBeNaN = x.MayBeNaN || x.Low < -1 || x.High > 1, MayBeInfinite = x.Low <= -1 || x.High >= 1 },
        "Sinh" or "Cosh" => NumericRange.Unknown with { MayBeNaN = x.MayBeNaN, MayBeInfinite = Math.Max(-x.Low, x.High) > Math.Log(LargestOf(node.Input(0)!.ElementType)) },
        "Mod" => NumericRange.Unknown with { MayBeNaN = !x.IsFinite || MayBeZero(node.Input(1)!) },
        "Sin" or "Cos" => new(-1, 1) { MayBeNaN = !x.IsFinite },
        "Neg" => x.Within(-x.High, -x.Low),
        "Abs" => x.Within(x.HoldsZero ? 0 : Math.Min(Math.Abs(x.Low), Math.Abs(x.High)), Math.Max(Math.Abs(x.Low), Math.Abs(x.High))),
        "Exp" => new(Math.Exp(x.Low), Math.Exp(x.High)) { MayBeNaN = x.MayBeNaN, MayBeInfinite = x.High > Math.Log(LargestOf(node.Input(0)!.ElementType)) },
        "Log" => new(Math.Log(Math.Max(0, x.Low)), Math.Log(Math.Max(0, x.High))) { MayBeNaN = x.MayBeNaN || x.Low < 0, MayBeInfinite = x.MayBeInfinite || x.Low <= 0 },
        "Sqrt" => new(Math.Sqrt(Math.Max(0, x.Low)), Math.Sqrt(Math.Max(0, x.High))) { MayBeNaN = x.MayBeNaN || x.Low < 0, MayBeInfinite = x.MayBeInfinite },
        _ => Other(node),
    };

    private NumericRange In(Node node, int index) => node.Input(index) is { } value ? Of(value) : NumericRange.Unknown;

    // An operator that is not known here spreads what is not finite over all it computes.
    private NumericRange Other(Node node)
    {
        bool isFinite = node.Inputs.All(i => i is null || i.IsConstant || Of(i).IsFinite);
        return NumericRange.Unknown with { MayBeInfinite = !isFinite, MayBeNaN = !isFinite };
    }

    private NumericRange Joined(Node node)
    {
        NumericRange[] all = [.. node.Inputs.OfType<Value>().Select(Of)];
        NumericRange union = all.Aggregate((a, b) => a.Union(b));
        return node.OpType switch
        {
            "Max" => union.Computed().Within(all.Max(r => r.Low), all.Max(r => r.High)),
            "Min" => union.Computed().Within(all.Min(r => r.Low), all.Min(r => r.High)),
            _ => union,
        };
    }

    private NumericRange Added(Node node)
    {
        Value first = node.Input(0)!;
        NumericRange sum = Of(first);
        bool isMaximumTaken = node.Is("Sub") && node.Input(1)!.Producer is { OpType: "ReduceMax" } maximum && maximum.Input(0) == first;
        for (int i = 1; i < node.Inputs.Count; i++)
        {
            NumericRange b = In(node, i);
            if (node.Is("Sub"))
                b = b.Within(-b.High, -b.Low);
            sum = new(sum.Low + b.Low, sum.High + b.High)
            {
                MayBeInfinite = sum.MayBeInfinite || b.MayBeInfinite,
                MayBeNaN = sum.MayBeNaN || b.MayBeNaN || (sum.MayBeInfinite && b.MayCancel) || (sum.MayCancel && b.MayBeInfinite),
                IsFed = IsFedTogether(node),
                IsMasked = sum.IsMasked || b.IsMasked || sum.IsFed != b.IsFed,
            };
        }

        return isMaximumTaken ? sum.Within(sum.Low, 0) : sum;
    }

    private NumericRange Multiplied(Node node)
    {
        NumericRange a = In(node, 0), b = In(node, 1);
        double[] corners = [Product(a.Low, b.Low), Product(a.Low, b.High), Product(a.High, b.Low), Product(a.High, b.High)];
        bool isSquare = node.Input(0) == node.Input(1);
        return new(isSquare ? Math.Max(0, corners.Min()) : corners.Min(), corners.Max())
        {
            MayBeInfinite = a.MayBeInfinite || b.MayBeInfinite,
            MayBeNaN = !a.IsFinite || !b.IsFinite,
            IsFed = IsFedTogether(node),
            IsMasked = a.IsMasked || b.IsMasked,
        };
    }

    private static double Product(double a, double b) => a == 0 || b == 0 ? 0 : a * b;

    private NumericRange Divided(Node node, NumericRange a, Value divisor)
    {
        NumericRange b = Of(divisor);
        bool hasPole = MayBeZero(divisor);
        double[] corners = [Quotient(a.Low, b.Low), Quotient(a.Low, b.High), Quotient(a.High, b.Low), Quotient(a.High, b.High)];
        NumericRange bounds = b.HoldsZero ? NumericRange.Unknown : new(corners.Min(), corners.Max());
        return bounds with
        {
            MayBeInfinite = hasPole || a.MayBeInfinite,
            MayBeNaN = hasPole || a.MayBeNaN || b.MayBeNaN || (a.MayBeInfinite && b.MayBeInfinite),
            IsFed = node.Is("Div") && IsFedTogether(node),
            IsMasked = a.IsMasked,
        };
    }

    private static double Quotient(double a, double b) => a == 0 || double.IsInfinity(b) ? 0 : a / b;

    private NumericRange Raised(Node node)
    {
        NumericRange x = In(node, 0), other = Other(node);
        if (ConstantNumber(node.Input(1)) is not { } p)
            return x.Low > 0 ? other.Within(0, double.PositiveInfinity) : other with { MayBeInfinite = true, MayBeNaN = true };
        bool isIntegral = p == Math.Floor(p);
        NumericRange bounds = x.Low >= 0 ? (p >= 0 ? new(Math.Pow(x.Low, p), Math.Pow(x.High, p)) : new(Math.Pow(x.High, p), Math.Pow(x.Low, p)))
            : isIntegral && p % 2 == 0 ? new(0, double.PositiveInfinity)
            : NumericRange.Unknown;
        return bounds with
        {
            MayBeInfinite = other.MayBeInfinite || (p < 0 && x.HoldsZero),
            MayBeNaN = other.MayBeNaN || (!isIntegral && x.Low < 0),
        };
    }

    // Whoever chooses last between what is computed and something finite keeps out what is not finite; a mask's constant, however, is meant.
    private NumericRange Chosen(Node node)
    {
        NumericRange a = In(node, 1), b = In(node, 2);
        NumericRange union = a.Union(b);
        bool isKeptOut = (a.IsFinite && _dependent.Contains(node.Input(2)!)) || (b.IsFinite && _dependent.Contains(node.Input(1)!));
        return !union.IsFinite && isKeptOut && !IsReplaced(node.Output(0)!) ? union with { MayBeInfinite = false, MayBeNaN = false } : union;
    }

    // A row of which everything is masked has no softmax; its largest element is -infinity.
    private NumericRange OverRows(Node node)
    {
        NumericRange x = In(node, 0);
        bool mayBeEmpty = x.MayCancel && IsReplaced(node.Output(0)!);
        NumericRange y = x.Computed() with { MayBeNaN = x.MayBeNaN || mayBeEmpty, MayBeInfinite = x.MayBeInfinite || mayBeEmpty };
        return node.OpType switch
        {
            "Softmax" => y.Within(0, 1) with { MayBeInfinite = false },
            "LogSoftmax" => y.Within(double.NegativeInfinity, 0),
            "ReduceMax" => y with { MayBeNaN = x.MayBeNaN },
            _ => y.Within(double.NegativeInfinity, double.PositiveInfinity) with { MayBeNaN = x.MayBeNaN },
        };
    }

    // Whether something else may be chosen in a value's place further on. Only then does what is masked as a whole leave the loss finite.
    private bool IsReplaced(Value start)
    {
        var seen = new HashSet<Value> { start };
        var queue = new Queue<Value>(seen);
        int visits = 0;
        while (queue.TryDequeue(out Value? value))
        {
            foreach ((Node reader, int index) in value.Uses)
            {
                if (visits++ == SearchLimit)
                    return false;
                if (reader.Is("Where") && index > 0 && IsFallback(reader.Input(3 - index)!))
                    return true;
                if (reader.OpType is "Softmax" or "LogSoftmax" or "ReduceMean" || reader.OpType.EndsWith("Normalization", StringComparison.Ordinal))
                    continue;
                foreach (Value? output in reader.Outputs)
                {
                    if (output is not null && output.ElementType.IsFloatingPoint() && seen.Add(output))
                        queue.Enqueue(output);
                }
            }
        }

        return false;
    }

    // What masks the next softmax is a constant too, but far below everything.
    private bool IsFallback(Value other) => !other.IsConstant || Of(other).Low > LowestFallback;

    private static NumericRange Total(NumericRange x) =>
        x.Computed().Within(x.Low >= 0 ? x.Low : double.NegativeInfinity, x.High <= 0 ? x.High : double.PositiveInfinity);

    private NumericRange Clipped(Node node)
    {
        NumericRange x = In(node, 0).Computed();
        double low = node.Input(1) is { } l ? Of(l).Low : double.NegativeInfinity, high = node.Input(2) is { } h ? Of(h).High : double.PositiveInfinity;
        return x.Within(Math.Max(x.Low, low), Math.Min(x.High, high)) with { MayBeInfinite = x.MayBeInfinite && !(double.IsFinite(low) && double.IsFinite(high)) };
    }

    private bool IsFedTogether(Node node) => node.Inputs.All(i => i!.IsConstant || Of(i).IsFed) && node.Inputs.Any(i => Of(i!).IsFed);

    private NumericRange OfConstant(Value value)
    {
        if (Numbers(value.Initializer!) is not { Length: > 0 } numbers)
            return NumericRange.Unknown;
        if (Array.IndexOf(numbers, 0d) < 0)
            _withoutZero.Add(value);
        double huge = Huge * LargestOf(value.ElementType);
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        bool isNaN = false;
        foreach (double number in numbers)
        {
            isNaN |= double.IsNaN(number);
            low = Math.Min(low, number);
            high = Math.Max(high, number);
        }

        return isNaN ? NumericRange.Unknown with { MayBeNaN = true, MayBeInfinite = true } : new(low, high) { MayBeInfinite = low < -huge || high > huge };
    }

    private static double LargestOf(ElementType type) => type switch
    {
        ElementType.Float16 => (double)Half.MaxValue,
        ElementType.Float32 or ElementType.BFloat16 => float.MaxValue,
        _ => double.MaxValue,
    };

    private static double[]? Numbers(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Float32 => Array.ConvertAll(tensor.Span<float>().ToArray(), v => (double)v),
        ElementType.Float64 => tensor.Span<double>().ToArray(),
        ElementType.Float16 => Array.ConvertAll(tensor.Span<Half>().ToArray(), v => (double)v),
        ElementType.Int64 => Array.ConvertAll(tensor.Span<long>().ToArray(), v => (double)v),
        ElementType.Int32 => Array.ConvertAll(tensor.Span<int>().ToArray(), v => (double)v),
        _ => null,
    };
}
