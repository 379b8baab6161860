namespace AutLearn.Graph.Versions;

/// <summary>One node on its way to a newer opset.</summary>
internal sealed class NodeUpgrade
{
    private readonly List<string> _refused;

    public NodeUpgrade(Node node, long opset, List<string> refused)
    {
        Node = node;
        Opset = opset;
        _refused = refused;
    }

    public Node Node { get; }

    public long Opset { get; }

    public Value?[] Inputs => [.. Node.Inputs];

    private OnnxGraph Graph => Node.Owner;

    public void Before(long opset, Action upgrade)
    {
        if (Opset < opset)
            upgrade();
    }

    public void Refuse(string because) => _refused.Add($"'{Node.DisplayName}' ({Node.OpType}, opset {Opset}): {because}");

    public Value Constant(Tensor tensor) => Graph.AddInitializer(Graph.UniqueName($"{Node.DisplayName}/const"), tensor);

    public void SetInput(int index, Tensor tensor)
    {
        for (int i = Node.Inputs.Count; i < index; i++)
            Graph.SetInput(Node, i, null);
        Graph.SetInput(Node, index, Constant(tensor));
    }

    /// <summary>Turns integer-list attributes into the inputs after the first, in the given order.</summary>
    public void MoveInts(params ReadOnlySpan<string> attributes)
    {
        for (int i = 0; i < attributes.Length; i++)
        {
            if (Node.GetInts(attributes[i]) is not { } values)
                continue;
            Node.RemoveAttribute(attributes[i]);
            SetInput(i + 1, Tensor.Vector(values.AsSpan()));
        }
    }

    /// <summary>Turns float attributes into scalar inputs after the first, in the given order.</summary>
    public void MoveFloats(params ReadOnlySpan<string> attributes)
    {
        for (int i = 0; i < attributes.Length; i++)
        {
            if (!Node.Attributes.ContainsKey(attributes[i]))
                continue;
            float value = Node.GetFloat(attributes[i], 0);
            Node.RemoveAttribute(attributes[i]);
            SetInput(i + 1, Node.Input(0)?.ElementType == ElementType.Float64 ? Tensor.Scalar((double)value) : Tensor.Scalar(value));
        }
    }

    /// <summary>Replaces the node by one with a single output under the old name.</summary>
    public void Rebuild(string opType, IReadOnlyList<Value?> inputs, IEnumerable<KeyValuePair<string, AttributeValue>>? attributes = null)
    {
        Node built = Graph.AddNode(opType, inputs, [Graph.UniqueName($"{Node.DisplayName}/{opType}")], attributes ?? Node.Attributes, "", Node.Name);
        TakeOver(built.Output(0)!);
    }

    /// <summary>Replaces a coercing softmax: flatten to rows, softmax over the rows, reshape back.</summary>
    public void RebuildFlattened(long axis)
    {
        Value x = Node.Input(0) ?? throw new InvalidModelException($"Node '{Node.DisplayName}' ({Node.OpType}) lacks its input.") { NodeName = Node.DisplayName };
        string stem = Node.DisplayName;
        Value shape = Graph.AddNode("Shape", [x], [Graph.UniqueName($"{stem}/shape")]).Output(0)!;
        Value rows = Graph.AddNode("Flatten", [x], [Graph.UniqueName($"{stem}/rows")], [KeyValuePair.Create("axis", AttributeValue.Of(axis))]).Output(0)!;
        Value result = Graph.AddNode(Node.OpType, [rows], [Graph.UniqueName($"{stem}/result")], [KeyValuePair.Create("axis", AttributeValue.Of(-1L))], "", Node.Name).Output(0)!;
        TakeOver(Graph.AddNode("Reshape", [result, shape], [Graph.UniqueName($"{stem}/back")]).Output(0)!);
    }

    private void TakeOver(Value replacement)
    {
        Value old = Node.Output(0)!;
        replacement.Type = old.Type;
        string name = old.Name;
        Graph.ReplaceAllUses(old, replacement);
        Graph.Remove(Node);
        Graph.Rename(replacement, name);
    }
}
