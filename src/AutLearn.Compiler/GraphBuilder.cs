using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler;

/// <summary>Appends operator calls to a graph, infers their types at once, and shares equal constants.</summary>
/// <remarks>Nodes are appended at the end; the owner sorts the graph when it is done. Not safe for use by several threads.</remarks>
internal sealed class GraphBuilder
{
    private const int LongestStem = 200;

    private readonly Dictionary<string, Value> _constants = new(StringComparer.Ordinal);

    private readonly CancellationToken _cancellationToken;

    /// <param name="graph">The graph to append to.</param>
    /// <param name="opset">The version of the default domain.</param>
    /// <param name="cancellationToken">Checked at each node: a rule may add as many as its node has inputs.</param>
    public GraphBuilder(OnnxGraph graph, long opset, CancellationToken cancellationToken = default)
    {
        _cancellationToken = cancellationToken;
        Graph = graph;
        Opset = opset;
    }

    public OnnxGraph Graph { get; }

    public long Opset { get; }

    /// <summary>Gets or sets the stem of the names that new values get.</summary>
    /// <remarks>Long ones are cut: each node of a gradient carries its stem.</remarks>
    public string NameStem
    {
        get;
        set => field = value.Length <= LongestStem ? value : value[..LongestStem];
    } = "t";

    /// <summary>Adds a node with one output.</summary>
    public Value Op(string opType, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes) =>
        Ops(opType, 1, inputs, attributes)[0];

    /// <summary>Adds a node with several outputs.</summary>
    public Value[] Ops(string opType, int outputCount, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes) =>
        Ops("", opType, outputCount, inputs, attributes);

    /// <summary>Adds a node of another domain.</summary>
    public Value[] Ops(string domain, string opType, int outputCount, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        int used = inputs.Length;
        while (used > 0 && inputs[used - 1] is null)
            used--;
        string[] names = new string[outputCount];
        for (int i = 0; i < outputCount; i++)
            names[i] = UniqueName($"{NameStem}/{opType}{(outputCount > 1 ? $":{i}" : "")}");
        var map = new KeyValuePair<string, AttributeValue>[attributes.Length];
        for (int i = 0; i < attributes.Length; i++)
            map[i] = new(attributes[i].Name, attributes[i].Value);
        Node node = Graph.AddNode(opType, inputs[..used].ToArray(), names, map, domain, names[0]);
        ShapeInference.InferNode(node, Opset);
        return [.. node.Outputs.Select(o => o!)];
    }

    /// <summary>Gets a constant; equal constants are one value.</summary>
    public Value Constant(Tensor tensor)
    {
        string key = $"{tensor}{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(tensor.Bytes.Span))}";
        if (_constants.TryGetValue(key, out Value? value) && ReferenceEquals(Graph.Find(value.Name), value))
            return value;
        value = Graph.AddInitializer(Graph.UniqueName("const"), tensor);
        _constants[key] = value;
        return value;
    }

    /// <summary>Gets a 1-D Int64 constant, such as axes or a shape.</summary>
    public Value Ints(params ReadOnlySpan<long> values) => Constant(Tensor.Vector(values));

    /// <summary>Gets an Int64 scalar constant.</summary>
    public Value Int(long value) => Constant(Tensor.Scalar(value));

    /// <summary>Gets a scalar constant of the element type of another value.</summary>
    public Value Scalar(Value like, double value) => Constant(ScalarTensor(like.ElementType, value));

    public Value One(Value like) => Scalar(like, 1);

    public Value Zero(Value like) => Scalar(like, 0);

    public Value Add(Value a, Value b) => Op("Add", [a, b]);

    public Value Sub(Value a, Value b) => Op("Sub", [a, b]);

    public Value Mul(Value a, Value b) => Op("Mul", [a, b]);

    public Value Mul(Value a, double b) => Op("Mul", [a, Scalar(a, b)]);

    public Value Div(Value a, Value b) => Op("Div", [a, b]);

    public Value Neg(Value x) => Op("Neg", [x]);

    public Value Sqrt(Value x) => Op("Sqrt", [x]);

    public Value Exp(Value x) => Op("Exp", [x]);

    public Value Log(Value x) => Op("Log", [x]);

    public Value MatMul(Value a, Value b) => Op("MatMul", [a, b]);

    public Value Where(Value condition, Value a, Value b) => Op("Where", [condition, a, b]);

    public Value Greater(Value a, Value b) => Op("Greater", [a, b]);

    public Value Less(Value a, Value b) => Op("Less", [a, b]);

    public Value Equal(Value a, Value b) => Op("Equal", [a, b]);

    /// <summary>Converts to the element type of another value; no node is added where the types agree already.</summary>
    public Value CastLike(Value x, Value like) => Cast(x, like.ElementType);

    public Value Cast(Value x, ElementType type) =>
        x.ElementType == type ? x : Op("Cast", [x], ("to", AttributeValue.Of((long)type)));

    /// <summary>Converts half precision to Float32; leaves everything else as it is.</summary>
    public Value Widened(Value x) => x.ElementType is ElementType.Float16 or ElementType.BFloat16 ? Cast(x, ElementType.Float32) : x;

    public Value Transpose(Value x, params ReadOnlySpan<long> permutation) =>
        Op("Transpose", [x], ("perm", AttributeValue.Of(permutation)));

    public Value Reshape(Value x, Value shape) => Op("Reshape", [x, shape]);

    public Value Reshape(Value x, params ReadOnlySpan<long> shape) => Op("Reshape", [x, Ints(shape)]);

    public Value Expand(Value x, Value shape) => Op("Expand", [x, shape]);

    public Value Concat(long axis, params ReadOnlySpan<Value?> values) =>
        Op("Concat", values, ("axis", AttributeValue.Of(axis)));

    /// <summary>Sums over the given axes (a 1-D Int64 value) and keeps them with size 1; no axes leave the value as it is.</summary>
    public Value ReduceSumKeep(Value x, Value axes) =>
        Op("ReduceSum", [x, axes], ("keepdims", AttributeValue.Of(1L)), ("noop_with_empty_axes", AttributeValue.Of(1L)));

    /// <summary>Sums over the given axes and drops them.</summary>
    public Value ReduceSum(Value x, params ReadOnlySpan<long> axes) =>
        Op("ReduceSum", [x, Ints(axes)], ("keepdims", AttributeValue.Of(0L)));

    /// <summary>Gets the shape as a 1-D Int64 value: a constant where every dimension is a number.</summary>
    public Value ShapeOf(Value x) =>
        x.Shape is { IsStatic: true } shape ? Ints(shape.ToSizes()) : Op("Shape", [x]);

    /// <summary>Gets one dimension as a 1-D Int64 value of one element.</summary>
    public Value SizeOf(Value x, int axis) =>
        x.Shape is { } shape && shape[axis].IsKnown
            ? Ints(shape[axis].Size)
            : Op("Shape", [x], ("start", AttributeValue.Of((long)axis)), ("end", AttributeValue.Of((long)axis + 1)));

    public static Tensor ScalarTensor(ElementType type, double value) => type switch
    {
        ElementType.Float32 => Tensor.Scalar((float)value),
        ElementType.Float64 => Tensor.Scalar(value),
        ElementType.Float16 => Tensor.Scalar((Half)value),
        ElementType.Int64 => Tensor.Scalar((long)value),
        ElementType.Int32 => Tensor.Scalar((int)value),
        ElementType.BFloat16 => new Tensor(ElementType.BFloat16, [], BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16))),
        _ => throw new NotSupportedException($"No scalar constant of type {type} can be made."),
    };

    private string UniqueName(string hint) => Graph.UniqueName(hint);
}
