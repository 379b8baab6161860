using System.Collections.Frozen;
using System.Collections.Immutable;
using AutLearn.Graph.Inference;

namespace AutLearn.Graph.Versions;

/// <summary>Raises opsets 1 to 6, before ONNX Runtime's own support, to 7: broadcasting by an axis, modes of inference, attributes that became inputs.</summary>
/// <remarks>Shapes are inferred node by node on the way, since broadcasting depends on the ranks of what is already raised.</remarks>
internal static class LegacyUpgrade
{
    /// <summary>The first opset that needs none of this.</summary>
    public const long Target = 7;

    private static readonly FrozenDictionary<string, Action<NodeUpgrade>> Rules = new Dictionary<string, Action<NodeUpgrade>>
    {
        ["Add"] = Broadcast,
        ["And"] = Broadcast,
        ["BatchNormalization"] = BatchNormalization,
        ["Cast"] = u => u.Before(6, () => Cast(u)),
        ["Concat"] = u => u.Before(4, () => Default(u, "axis", AttributeValue.Of(1L))),
        ["Div"] = Broadcast,
        ["Dropout"] = u => u.Node.RemoveAttribute("is_test"),
        ["Equal"] = Broadcast,
        ["GRU"] = u => u.Node.RemoveAttribute("output_sequence"),
        ["Gemm"] = u => u.Node.RemoveAttribute("broadcast"),
        ["Greater"] = Broadcast,
        ["LSTM"] = u => u.Node.RemoveAttribute("output_sequence"),
        ["Less"] = Broadcast,
        ["MeanVarianceNormalization"] = u => u.Refuse("its form before opset 9 chooses its axes otherwise"),
        ["Mul"] = Broadcast,
        ["Or"] = Broadcast,
        ["PRelu"] = PRelu,
        ["Pad"] = u => u.Before(2, () => Rename(u, "paddings", "pads")),
        ["Pow"] = Broadcast,
        ["RNN"] = u => u.Node.RemoveAttribute("output_sequence"),
        ["Reshape"] = u => u.Before(5, () => u.MoveInts("shape")),
        ["Selu"] = u => u.Before(6, () => Selu(u)),
        ["Split"] = u => u.Before(2, () => SplitByInput(u)),
        ["Sub"] = Broadcast,
        ["Tile"] = u => u.Before(6, () => u.Refuse("its form before opset 6 repeats one axis")),
        ["Upsample"] = u => u.Before(7, () => Upsample(u)),
        ["Xor"] = Broadcast,
    }.ToFrozenDictionary();

    /// <summary>Raises a graph and the graphs within.</summary>
    public static void Apply(OnnxGraph graph, long opset, List<string> refused, CancellationToken cancellationToken)
    {
        graph.SortTopologically();
        foreach (Node node in graph.Nodes.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (OnnxGraph subgraph in node.Subgraphs())
                Apply(subgraph, opset, refused, cancellationToken);
            if (node.Domain.Length > 0)
                continue;
            node.RemoveAttribute("consumed_inputs");
            Value? result = node.Output(0);
            if (Rules.TryGetValue(node.OpType, out Action<NodeUpgrade>? rule))
                rule(new NodeUpgrade(node, opset, refused));
            if (refused.Count == 0 && result?.Producer is { IsRemoved: false } raised)
                ShapeInference.InferNode(raised, Target);
        }

        graph.SortTopologically();
    }

    // The second operand stood against the axes of the first from `axis` on, by default against the last ones.
    private static void Broadcast(NodeUpgrade u)
    {
        bool isBroadcast = u.Node.GetInt("broadcast", 0) != 0;
        long? axis = u.Node.Attributes.ContainsKey("axis") ? u.Node.GetInt("axis", 0) : null;
        u.Node.RemoveAttribute("broadcast");
        u.Node.RemoveAttribute("axis");
        if (!isBroadcast || axis is not { } first)
            return;
        if (u.Node.Input(0)?.Shape is not { } a || u.Node.Input(1)?.Shape is not { } b)
        {
            u.Refuse("it broadcasts by an axis, and the shapes of its inputs are not known");
            return;
        }

        long missing = a.Rank - (first < 0 ? first + a.Rank : first) - b.Rank;
        if (missing < 0)
            u.Refuse($"it broadcasts {b} against {a} from axis {first} on");
        else if (missing > 0)
            AppendAxes(u, 1, b.Rank, (int)missing);
    }

    // One slope for each channel stood against axis 1.
    private static void PRelu(NodeUpgrade u)
    {
        if (u.Node.Input(0)?.Shape is not { } x || u.Node.Input(1)?.Shape is not { } slope)
            u.Refuse("the shapes of its inputs are not known");
        else if (slope.Rank == 1 && !slope[0].Is(1) && x.Rank > 2)
            AppendAxes(u, 1, 1, x.Rank - 2);
    }

    private static void AppendAxes(NodeUpgrade u, int input, int rank, int count)
    {
        OnnxGraph graph = u.Node.Owner;
        long[] axes = [.. Enumerable.Range(rank, count).Select(a => (long)a)];
        Node unsqueeze = graph.AddNode("Unsqueeze", [u.Node.Input(input)], [graph.UniqueName($"{u.Node.DisplayName}/broadcast")], [KeyValuePair.Create("axes", AttributeValue.Of(axes.AsSpan()))]);
        ShapeInference.InferNode(unsqueeze, Target);
        graph.SetInput(u.Node, input, unsqueeze.Output(0));
    }

    private static void BatchNormalization(NodeUpgrade u)
    {
        if (u.Node.GetInt("is_test", 0) == 0)
            u.Refuse("it normalises by the batch (is_test = 0)");
        u.Node.RemoveAttribute("is_test");
    }

    private static void Cast(NodeUpgrade u)
    {
        string name = u.Node.GetString("to", "");
        ElementType type = name switch
        {
            "FLOAT" => ElementType.Float32,
            "DOUBLE" => ElementType.Float64,
            "FLOAT16" => ElementType.Float16,
            "INT8" => ElementType.Int8,
            "INT16" => ElementType.Int16,
            "INT32" => ElementType.Int32,
            "INT64" => ElementType.Int64,
            "UINT8" => ElementType.UInt8,
            "UINT16" => ElementType.UInt16,
            "BOOL" => ElementType.Bool,
            _ => ElementType.Undefined,
        };
        if (type == ElementType.Undefined)
            u.Refuse($"it casts to '{name}'");
        else
            u.Node.SetAttribute("to", AttributeValue.Of((long)type));
    }

    private static void Selu(NodeUpgrade u)
    {
        Default(u, "alpha", AttributeValue.Of(1.6732f));
        Default(u, "gamma", AttributeValue.Of(1.0507f));
    }

    private static void SplitByInput(NodeUpgrade u)
    {
        if (u.Node.Inputs.Count > 1)
            u.Refuse("it takes its parts as an input");
    }

    private static void Upsample(NodeUpgrade u)
    {
        if (u.Node.GetFloats("scales") is not null)
            return;
        ImmutableArray<float> scales = [1, 1, u.Node.GetFloat("height_scale", 1), u.Node.GetFloat("width_scale", 1)];
        u.Node.RemoveAttribute("height_scale");
        u.Node.RemoveAttribute("width_scale");
        u.Node.SetAttribute("scales", AttributeValue.Of(scales.AsSpan()));
    }

    private static void Rename(NodeUpgrade u, string from, string to)
    {
        if (!u.Node.Attributes.TryGetValue(from, out AttributeValue? value))
            return;
        u.Node.RemoveAttribute(from);
        u.Node.SetAttribute(to, value);
    }

    private static void Default(NodeUpgrade u, string attribute, AttributeValue value)
    {
        if (!u.Node.Attributes.ContainsKey(attribute))
            u.Node.SetAttribute(attribute, value);
    }
}
