using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Layout;

/// <summary>Holds image activations as [C, N, H, W] where convolutions gain from it: each channel's elements of the whole batch lie together.</summary>
/// <remarks>
/// ONNX's NCHW makes a 1x1 convolution one small matrix product for each sample, and its weight gradient needs both factors transposed.
/// Channel-major, forward and both gradients are one large product each and nothing is transposed; depthwise convolutions become products
/// too (<see cref="ChannelMajorConvolution"/>). The pass comes before differentiation, so that gradients are channel-major as well.
/// Values keep their names only at the borders, where a Transpose brings NCHW back.
/// </remarks>
internal sealed class ChannelMajorLayout : IPass
{
    public string Name => "channel-major-layout";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        List<Node> nodes = LayoutRegions.Find(graph);
        if (nodes.Count == 0)
            return false;
        var builder = new GraphBuilder(graph, model.Opset);
        var held = new Dictionary<Value, Value>();
        var rewritten = new Dictionary<Value, Value>();
        foreach (Node node in nodes)
        {
            builder.NameStem = $"{node.DisplayName}/channel_major";
            Value output = node.Outputs[0]!;
            Value result = Rewrite(builder, node, held);
            result.Type = ImageTypes.Swap(output.Type!);
            held[output] = result;
            rewritten[output] = result;
        }

        BringBack(builder, rewritten, [.. nodes]);
        graph.RemoveAll(new HashSet<Node>(nodes));
        graph.SortTopologically();
        return true;
    }

    private static Value Rewrite(GraphBuilder b, Node node, Dictionary<Value, Value> held)
    {
        if (LayoutRegions.IsBroadcasting(node))
            return b.Op(node.OpType, [Operand(b, held, node.Inputs[0]!), Operand(b, held, node.Inputs[1]!)]);
        Value x = Image(b, held, node.Inputs[0]!);
        return node.OpType switch
        {
            "Conv" => ChannelMajorConvolution.Emit(b, node, x),
            "BatchNormalization" => Normalize(b, node, x),
            _ => b.Op(node.OpType, [x, .. node.Inputs.Skip(1)], [.. node.Attributes.Select(a => (a.Key, a.Value))]),
        };
    }

    // The operator wants channels second: [1, C, N, H W] has the same elements in the same order.
    private static Value Normalize(GraphBuilder b, Node node, Value x)
    {
        Shape shape = x.Shape!;
        long plane = shape[2].Size * shape[3].Size;
        Value rows = b.Reshape(x, 1, shape[0].Size, -1, plane);
        rows.Type = new TensorType(x.ElementType, new Shape(1, shape[0], shape[1], plane));
        Value normalized = b.Op("BatchNormalization", [rows, .. node.Inputs.Skip(1)], [.. node.Attributes.Select(a => (a.Key, a.Value))]);
        normalized.Type = rows.Type;
        return b.Reshape(normalized, shape[0].Size, -1, shape[2].Size, shape[3].Size);
    }

    private static Value Image(GraphBuilder b, Dictionary<Value, Value> held, Value nchw)
    {
        if (held.TryGetValue(nchw, out Value? value))
            return value;
        value = b.Transpose(nchw, 1, 0, 2, 3);
        value.Type = ImageTypes.Swap(nchw.Type!);
        held[nchw] = value;
        return value;
    }

    // Scalars and per-channel constants such as [C, 1, 1] broadcast with images; they get all four axes before these are swapped.
    private static Value Operand(GraphBuilder b, Dictionary<Value, Value> held, Value operand)
    {
        if (ImageTypes.IsImage(operand))
            return Image(b, held, operand);
        Shape shape = operand.Shape!;
        if (shape.ElementCount() == 1)
            return operand;
        if (shape.Rank < 4)
            operand = b.Op("Unsqueeze", [operand, b.Ints([.. Enumerable.Range(0, 4 - shape.Rank).Select(i => (long)i)])]);
        return b.Transpose(operand, 1, 0, 2, 3);
    }

    private static void BringBack(GraphBuilder b, Dictionary<Value, Value> rewritten, HashSet<Node> old)
    {
        foreach ((Value value, Value result) in rewritten)
        {
            bool isOutput = value.IsOutput;
            if (!isOutput && value.Uses.All(u => old.Contains(u.Node)))
                continue;
            b.NameStem = value.Name;
            Value back = b.Transpose(result, 1, 0, 2, 3);
            back.Type = value.Type;
            string name = value.Name;
            b.Graph.ReplaceAllUses(value, back);
            b.Graph.Rename(value, b.Graph.UniqueName($"{name}/replaced"));
            b.Graph.Rename(back, name);
        }
    }
}
