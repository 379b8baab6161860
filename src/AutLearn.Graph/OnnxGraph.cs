using System.Collections.Immutable;
using System.Globalization;

namespace AutLearn.Graph;

/// <summary>A dataflow graph whose edges cannot go out of step: every change updates producers and uses together.</summary>
/// <remarks>Not safe for use by several threads. Node order is meaningful and kept; <see cref="SortTopologically"/> restores it after insertions.</remarks>
public sealed class OnnxGraph
{
    private static readonly ImmutableSortedDictionary<string, AttributeValue> NoAttributes = ImmutableSortedDictionary.Create<string, AttributeValue>(StringComparer.Ordinal);

    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly MemberList<Value> _inputs = new(v => v.IsInput && !v.IsRemoved);
    private readonly List<Value> _outputs = [];
    private readonly MemberList<Value> _initializers = new(v => v.Initializer is not null && !v.IsRemoved);
    private readonly MemberList<Node> _nodes = new(n => !n.IsRemoved);
    private int _nextSuffix;

    /// <summary>Creates an empty graph.</summary>
    /// <param name="name">The graph's name.</param>
    /// <param name="parent">The graph around a subgraph, whose values it may read; null for a main graph.</param>
    public OnnxGraph(string name, OnnxGraph? parent = null)
    {
        Name = name;
        Parent = parent;
    }

    /// <summary>Gets or sets the name.</summary>
    public string Name { get; set; }

    /// <summary>Gets the graph around this subgraph, or null.</summary>
    public OnnxGraph? Parent { get; }

    /// <summary>Gets or sets the documentation string, or null.</summary>
    public string? DocString { get; set; }

    /// <summary>Gets or sets the fields of the file's graph that the IR does not model (quantization annotations, metadata), encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields { get; set; }

    /// <summary>Gets the node whose attribute this subgraph is; null for a main graph or a subgraph not yet given to a node.</summary>
    internal Node? Holder { get; private set; }

    /// <summary>Gets the inputs in order.</summary>
    public IReadOnlyList<Value> Inputs => _inputs.Items;

    /// <summary>Gets the outputs in order. A value may stand here more than once.</summary>
    public IReadOnlyList<Value> Outputs => _outputs;

    /// <summary>Gets the values that hold constants, in order of addition.</summary>
    public IReadOnlyList<Value> Initializers => _initializers.Items;

    /// <summary>Gets the nodes in order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes.Items;

    /// <summary>Gets every value of this graph.</summary>
    public IEnumerable<Value> Values => _values.Values;

    /// <summary>Finds a value of this graph or, for a subgraph, of the graphs around it.</summary>
    public Value? Find(string name)
    {
        for (OnnxGraph? graph = this; graph is not null; graph = graph.Parent)
        {
            if (graph._values.TryGetValue(name, out Value? value))
                return value;
        }

        return null;
    }

    /// <summary>Finds a value of this graph alone.</summary>
    internal Value? FindOwn(string name) => _values.GetValueOrDefault(name);

    /// <summary>Returns a value name that neither this graph nor the graphs around it use.</summary>
    public string UniqueName(string hint)
    {
        if (Find(hint) is null)
            return hint;
        string name;
        do
            name = string.Create(CultureInfo.InvariantCulture, $"{hint}_{++_nextSuffix}");
        while (Find(name) is not null);
        return name;
    }

    /// <summary>Adds an input.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public Value AddInput(string name, TensorType? type)
    {
        Value value = NewValue(name);
        value.Type = type;
        value.IsInput = true;
        _inputs.Add(value);
        return value;
    }

    /// <summary>Adds a constant.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public Value AddInitializer(string name, Tensor tensor)
    {
        Value value = NewValue(name);
        value.Type = tensor.Type;
        value.Initializer = tensor;
        _initializers.Add(value);
        return value;
    }

    /// <summary>Gives an existing input or initializer a constant, or takes it away with null.</summary>
    /// <exception cref="InvalidOperationException">A node computes the value, or it would be left without a source.</exception>
    public void SetInitializer(Value value, Tensor? tensor)
    {
        Own(value);
        if (value.Producer is not null)
            throw new InvalidOperationException($"Value '{value.Name}' is computed by node '{value.Producer.DisplayName}' and cannot hold a constant.");
        if (tensor is null && !value.IsInput && (value.UseList.Count > 0 || value.IsOutput))
            throw new InvalidOperationException($"Value '{value.Name}' is in use and would be left without a source.");
        if (value.Initializer is null && tensor is not null)
            _initializers.Add(value);
        value.Initializer = tensor;
        if (tensor is null)
            _initializers.NoteRemoval();
        if (tensor is not null)
            value.Type = tensor.Type;
    }

    /// <summary>Turns an initializer into an input that the caller must supply; its constant is dropped.</summary>
    public void MakeInput(Value value)
    {
        Own(value);
        if (value.Producer is not null)
            throw new InvalidOperationException($"Value '{value.Name}' is computed by node '{value.Producer.DisplayName}' and cannot be an input.");
        if (!value.IsInput)
        {
            _inputs.Add(value);
            value.IsInput = true;
        }

        if (value.Initializer is not null)
            SetInitializer(value, null);
    }

    /// <summary>Stops an initialised input from being replaceable by the caller: it becomes a plain constant.</summary>
    public void MakeConstant(Value value)
    {
        Own(value);
        if (value.Initializer is null)
            throw new InvalidOperationException($"Input '{value.Name}' has no constant.");
        if (value.IsInput)
        {
            value.IsInput = false;
            _inputs.NoteRemoval();
        }
    }

    /// <summary>Adds a node at the end.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="inputs">Values of this graph or the graphs around it; null leaves an optional input out.</param>
    /// <param name="outputs">New names, unique in this graph; an empty string leaves an optional output out.</param>
    /// <param name="attributes">The attributes.</param>
    /// <param name="domain">The operator's domain.</param>
    /// <param name="name">The node's name.</param>
    /// <returns>The node; its outputs are new values.</returns>
    /// <exception cref="ArgumentException">An output name is taken, or an input belongs to another graph.</exception>
    public Node AddNode(
        string opType,
        IEnumerable<Value?> inputs,
        IEnumerable<string> outputs,
        IEnumerable<KeyValuePair<string, AttributeValue>>? attributes = null,
        string domain = "",
        string name = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(opType);
        var node = new Node(this, domain, opType, name, inputs, attributes?.ToImmutableSortedDictionary(StringComparer.Ordinal) is { IsEmpty: false } given ? given : NoAttributes);
        foreach (Value? input in node.InputList)
        {
            if (input is not null)
                Reach(input);
        }

        string[] names = [.. outputs];
        HashSet<string>? distinct = names.Length > 1 ? new(StringComparer.Ordinal) : null;
        foreach (string output in names)
        {
            if (output.Length > 0 && (_values.ContainsKey(output) || distinct?.Add(output) == false))
                throw new ArgumentException($"The name '{output}' is taken.", nameof(outputs));
        }

        node.OutputList.Capacity = names.Length;
        foreach (string output in names)
        {
            Value? value = output.Length == 0 ? null : NewValue(output);
            if (value is not null)
                value.Producer = node;
            node.OutputList.Add(value);
        }

        for (int i = 0; i < node.InputList.Count; i++)
            node.InputList[i]?.UseList.Add(new(node, i));
        foreach (OnnxGraph subgraph in node.Subgraphs())
            subgraph.Holder = node;
        _nodes.Add(node);
        return node;
    }

    /// <summary>Adds one more output to a node of this graph.</summary>
    public Value AddNodeOutput(Node node, string name)
    {
        Own(node);
        Value value = NewValue(name);
        value.Producer = node;
        node.OutputList.Add(value);
        return value;
    }

    /// <summary>Changes what a node reads; the index may be one past the end to add an input.</summary>
    public void SetInput(Node node, int index, Value? value)
    {
        Own(node);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, node.InputList.Count);
        if (value is not null)
            Reach(value);
        if (index == node.InputList.Count)
            node.InputList.Add(null);
        node.InputList[index]?.UseList.Remove(new(node, index));
        node.InputList[index] = value;
        value?.UseList.Add(new(node, index));
    }

    /// <summary>Shortens a node's input list to the given count.</summary>
    public void TruncateInputs(Node node, int count)
    {
        Own(node);
        while (node.InputList.Count > count)
        {
            int last = node.InputList.Count - 1;
            node.InputList[last]?.UseList.Remove(new(node, last));
            node.InputList.RemoveAt(last);
        }
    }

    /// <summary>Makes every reader of one value, and every graph output that is it, use another.</summary>
    public void ReplaceAllUses(Value value, Value replacement)
    {
        Own(value);
        Reach(replacement);
        if (ReferenceEquals(value, replacement))
            return;
        foreach (ValueUse use in value.UseList)
        {
            use.Node.InputList[use.InputIndex] = replacement;
            replacement.UseList.Add(use);
        }

        value.UseList.Clear();
        for (int i = 0; i < _outputs.Count && value.OutputCount > 0; i++)
        {
            if (!ReferenceEquals(_outputs[i], value))
                continue;
            _outputs[i] = replacement;
            value.OutputCount--;
            CountOutput(replacement, 1);
        }
    }

    /// <summary>Copies what a subgraph of one of this graph's nodes holds into this graph. The subgraph stays.</summary>
    /// <param name="subgraph">A subgraph without inputs, such as a branch of an If.</param>
    /// <returns>The copies of its outputs, and its outputs themselves where they are values of this graph.</returns>
    public IReadOnlyList<Value> Inline(OnnxGraph subgraph)
    {
        ArgumentNullException.ThrowIfNull(subgraph);
        if (!ReferenceEquals(subgraph.Parent, this) || subgraph.Inputs.Count > 0)
            throw new ArgumentException("The graph is no subgraph of this one, or it takes inputs.", nameof(subgraph));
        return GraphCopy.Into(this, subgraph);
    }

    /// <summary>Renames a value.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Rename(Value value, string name)
    {
        Own(value);
        if (value.Name == name)
            return;
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_values.TryAdd(name, value))
            throw new ArgumentException($"The name '{name}' is taken.", nameof(name));
        _values.Remove(value.Name);
        value.Name = name;
    }

    /// <summary>Appends an output.</summary>
    public void AddOutput(Value value)
    {
        Reach(value);
        _outputs.Add(value);
        CountOutput(value, 1);
    }

    /// <summary>Removes the first entry of a value among the outputs.</summary>
    public void RemoveOutput(Value value)
    {
        if (_outputs.Remove(value))
            CountOutput(value, -1);
    }

    /// <summary>Removes every output.</summary>
    public void ClearOutputs()
    {
        foreach (Value output in _outputs)
            CountOutput(output, -1);
        _outputs.Clear();
    }

    /// <summary>Removes a node and its outputs.</summary>
    /// <exception cref="InvalidOperationException">An output is still read or is a graph output.</exception>
    public void Remove(Node node)
    {
        Own(node);
        foreach (Value? output in node.OutputList)
        {
            if (output is not null && (output.UseList.Count > 0 || output.IsOutput))
                throw new InvalidOperationException($"Node '{node.DisplayName}' cannot be removed: its output '{output.Name}' is in use.");
        }

        Release(node);
    }

    /// <summary>Removes nodes and their outputs together; they may read one another.</summary>
    /// <exception cref="InvalidOperationException">A node outside the set still reads an output, or it is a graph output.</exception>
    public void RemoveAll(IReadOnlySet<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            Own(node);
            foreach (Value? output in node.OutputList)
            {
                if (output is not null && (output.IsOutput || output.UseList.Any(u => !nodes.Contains(TopologicalOrder.OutermostIn(this, u.Node)))))
                    throw new InvalidOperationException($"Node '{node.DisplayName}' cannot be removed: its output '{output.Name}' is in use.");
            }
        }

        foreach (Node node in nodes)
            Release(node);
    }

    /// <summary>Removes an input or initializer that nothing reads.</summary>
    /// <exception cref="InvalidOperationException">The value is in use or computed by a node.</exception>
    public void Remove(Value value)
    {
        Own(value);
        if (value.Producer is not null || value.UseList.Count > 0 || value.IsOutput)
            throw new InvalidOperationException($"Value '{value.Name}' cannot be removed: it is in use.");
        value.IsRemoved = true;
        if (value.IsInput)
            _inputs.NoteRemoval();
        if (value.Initializer is not null)
            _initializers.NoteRemoval();
        _values.Remove(value.Name);
    }

    /// <summary>Orders the nodes so that each stands after what it reads. Stable: nodes keep their order where they can.</summary>
    /// <exception cref="InvalidModelException">The graph has a cycle.</exception>
    public void SortTopologically()
    {
        if (!TopologicalOrder.IsSorted(this))
            _nodes.Reorder(TopologicalOrder.Sort(this));
    }

    /// <summary>Puts the nodes in another order.</summary>
    /// <param name="nodes">All nodes, each once and after those whose results it reads.</param>
    /// <exception cref="ArgumentException">A node is missing, repeated, or foreign, or stands before what it reads.</exception>
    public void OrderNodes(IEnumerable<Node> nodes)
    {
        Node[] order = [.. nodes], former = [.. Nodes];
        if (order.Length != former.Length || !order.ToHashSet().SetEquals(former))
            throw new ArgumentException("The new order must hold every node once.", nameof(nodes));
        _nodes.Reorder(order);
        if (TopologicalOrder.IsSorted(this))
            return;
        _nodes.Reorder(former);
        throw new ArgumentException("In the new order a node stands before what it reads.", nameof(nodes));
    }

    /// <summary>Puts the inputs in another order.</summary>
    /// <param name="inputs">All inputs, each once.</param>
    /// <exception cref="ArgumentException">An input is missing, repeated, or foreign.</exception>
    public void OrderInputs(IEnumerable<Value> inputs)
    {
        Value[] order = [.. inputs];
        if (order.Length != Inputs.Count || !order.ToHashSet().SetEquals(Inputs))
            throw new ArgumentException("The new order must hold every input once.", nameof(inputs));
        _inputs.Reorder(order);
    }

    private void CountOutput(Value value, int change)
    {
        // A subgraph may give a value of an outer graph, which is no output there.
        if (ReferenceEquals(value.Owner, this))
            value.OutputCount += change;
    }

    private void Release(Node node)
    {
        TruncateInputs(node, 0);
        foreach (OnnxGraph subgraph in node.Subgraphs())
            subgraph.ReleaseOuterUses();
        foreach (Value? output in node.OutputList)
        {
            if (output is null)
                continue;
            output.IsRemoved = true;
            _values.Remove(output.Name);
        }

        node.IsRemoved = true;
        _nodes.NoteRemoval();
    }

    private void ReleaseOuterUses()
    {
        foreach (Node node in Nodes)
        {
            TruncateInputs(node, 0);
            foreach (OnnxGraph subgraph in node.Subgraphs())
                subgraph.ReleaseOuterUses();
        }
    }

    private Value NewValue(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var value = new Value(this, name);
        if (!_values.TryAdd(name, value))
            throw new ArgumentException($"The name '{name}' is taken.", nameof(name));
        return value;
    }

    private void Own(Value value)
    {
        if (!ReferenceEquals(value.Owner, this))
            throw new ArgumentException($"Value '{value.Name}' belongs to another graph.", nameof(value));
    }

    private void Own(Node node)
    {
        if (!ReferenceEquals(node.Owner, this))
            throw new ArgumentException($"Node '{node.DisplayName}' belongs to another graph.", nameof(node));
    }

    private void Reach(Value value)
    {
        for (OnnxGraph? graph = this; graph is not null; graph = graph.Parent)
        {
            if (ReferenceEquals(value.Owner, graph))
                return;
        }

        throw new ArgumentException($"Value '{value.Name}' belongs to another graph.", nameof(value));
    }
}
