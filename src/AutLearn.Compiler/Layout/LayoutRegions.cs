using AutLearn.Graph;

namespace AutLearn.Compiler.Layout;

/// <summary>Finds the parts of a graph that are worth holding channel-major.</summary>
/// <remarks>
/// A region is a connected set of nodes that work on channel-major images as well, with a convolution that gains from it.
/// It pays where its convolutions read and write more elements than are transposed at its borders.
/// </remarks>
internal static class LayoutRegions
{
    // Each element by itself, whatever its place.
    private static readonly HashSet<string> Elementwise = new(StringComparer.Ordinal)
    {
        "Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "Elu", "Selu", "Celu", "ThresholdedRelu", "HardSigmoid", "HardSwish", "Softplus",
        "Softsign", "Erf", "Gelu", "Mish", "Exp", "Log", "Sqrt", "Neg", "Abs", "Identity",
    };

    // Each plane by itself.
    private static readonly HashSet<string> Planewise = new(StringComparer.Ordinal) { "GlobalAveragePool", "GlobalMaxPool", "AveragePool", "MaxPool" };

    private static readonly HashSet<string> Broadcasting = new(StringComparer.Ordinal) { "Add", "Sub", "Mul", "Div" };

    /// <summary>Lists the nodes to change, in the graph's order.</summary>
    public static List<Node> Find(OnnxGraph graph)
    {
        Node[] candidates = [.. graph.Nodes.Where(IsCandidate)];
        var root = candidates.ToDictionary(n => n, n => n);
        foreach (Node node in candidates)
        {
            foreach (Value input in Images(node))
            {
                if (input.Producer is { } producer && root.ContainsKey(producer))
                    root[RootOf(root, node)] = RootOf(root, producer);
            }
        }

        var outputs = new HashSet<Value>(graph.Outputs);
        return [.. candidates.GroupBy(n => RootOf(root, n)).Where(region => Pays([.. region], outputs)).SelectMany(r => r).OrderBy(Position(graph))];
    }

    /// <summary>Lists the image inputs of a candidate.</summary>
    public static IEnumerable<Value> Images(Node node) =>
        (Broadcasting.Contains(node.OpType) ? node.Inputs : node.Inputs.Take(1)).OfType<Value>().Where(ImageTypes.IsImage);

    /// <summary>Tells whether a node combines operands with broadcasting.</summary>
    public static bool IsBroadcasting(Node node) => Broadcasting.Contains(node.OpType);

    private static Func<Node, int> Position(OnnxGraph graph)
    {
        var positions = new Dictionary<Node, int>();
        foreach (Node node in graph.Nodes)
            positions[node] = positions.Count;
        return node => positions[node];
    }

    private static Node RootOf(Dictionary<Node, Node> root, Node node)
    {
        // Each step halves the way for the next search.
        while (root[node] != node)
            node = root[node] = root[root[node]];
        return node;
    }

    private static bool IsCandidate(Node node)
    {
        if (node.Domain.Length > 0 || node.Outputs.Skip(1).Any(o => o is not null) || !ImageTypes.IsImage(node.Output(0)))
            return false;
        if (Broadcasting.Contains(node.OpType))
            return node.Inputs.All(i => ImageTypes.IsImage(i) || i?.Shape is { IsStatic: true, Rank: <= 4 });
        if (!ImageTypes.IsImage(node.Input(0)))
            return false;
        return node.OpType switch
        {
            "Conv" => ChannelMajorConvolution.Fits(node),
            "BatchNormalization" => node.GetInt("training_mode", 0) == 0,
            _ => Elementwise.Contains(node.OpType) || Planewise.Contains(node.OpType),
        };
    }

    private static bool Pays(Node[] region, HashSet<Value> graphOutputs)
    {
        var inside = new HashSet<Node>(region);
        Int128 gained = 0, transposed = 0;
        var entering = new HashSet<Value>();
        foreach (Node node in region)
        {
            Value output = node.Outputs[0]!;
            foreach (Value image in Images(node))
            {
                if ((image.Producer is null || !inside.Contains(image.Producer)) && entering.Add(image))
                    transposed += ImageTypes.ElementsPerImage(image.Shape!);
            }

            if (graphOutputs.Contains(output) || output.Uses.Any(u => !inside.Contains(u.Node)))
                transposed += ImageTypes.ElementsPerImage(output.Shape!);
            if (node.Is("Conv"))
                gained += ImageTypes.ElementsPerImage(node.Inputs[0]!.Shape!) + ImageTypes.ElementsPerImage(output.Shape!);
        }

        return gained > transposed;
    }
}
