using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>The functions of a model by what calls them, and how many nodes they stand for.</summary>
internal sealed class FunctionTable
{
    private const int EdgesPerNode = 16;

    private readonly OnnxModel _model;
    private readonly Dictionary<(string Domain, string Name, string Overload), OnnxFunction> _functions = [];

    public FunctionTable(OnnxModel model)
    {
        _model = model;
        foreach (OnnxFunction function in model.Functions)
            _functions.TryAdd((function.Domain, function.Name, function.Overload), function);
    }

    /// <summary>Gets the function that a node calls, or null.</summary>
    public OnnxFunction? Find(Node node) => _functions.GetValueOrDefault((node.Domain, node.OpType, node.Overload));

    /// <summary>Lists the calls in a graph and its subgraphs.</summary>
    public IEnumerable<(Node Call, OnnxFunction Function)> CallsIn(OnnxGraph graph)
    {
        foreach (Node node in graph.Nodes)
        {
            if (Find(node) is { } function)
                yield return (node, function);
            foreach ((Node, OnnxFunction) inner in node.Subgraphs().SelectMany(CallsIn))
                yield return inner;
        }
    }

    /// <summary>Counts the nodes that inlining every call would give, and refuses too many.</summary>
    /// <param name="free">The nodes that are always allowed.</param>
    /// <param name="growth">How many times the file's own nodes are allowed beyond.</param>
    /// <exception cref="InvalidModelException">There would be more, or a function calls itself.</exception>
    public void CheckGrowth(long free, long growth)
    {
        long own = NodesOf(_model.Graph) + _model.Functions.Sum(f => NodesOf(f.Body));
        long limit = free + (growth * own);
        long total = Sizes(limit) is { } sizes ? CallsIn(_model.Graph).Aggregate(NodesOf(_model.Graph), (sum, c) => Math.Min(limit + 1, sum + sizes[c.Function])) : limit + 1;
        if (total > limit)
            throw new InvalidModelException($"The model's functions call one another so often that more than {limit} nodes would come of its {own}. Export the model with functions inlined.");
    }

    // A node of many inputs takes the room of several.
    private static long NodesOf(OnnxGraph graph) =>
        graph.Nodes.Sum(n => 1 + ((n.Inputs.Count + n.Outputs.Count + n.Attributes.Count) / EdgesPerNode) + n.Subgraphs().Sum(NodesOf));

    // Callees before callers, with an own stack: a chain of calls may be as long as the file. Null where one function alone exceeds the limit.
    private Dictionary<OnnxFunction, long>? Sizes(long limit)
    {
        var sizes = new Dictionary<OnnxFunction, long>(ReferenceEqualityComparer.Instance);
        var open = new HashSet<OnnxFunction>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<OnnxFunction>(CallsIn(_model.Graph).Select(c => c.Function));
        while (pending.TryPeek(out OnnxFunction? function))
        {
            if (sizes.ContainsKey(function))
            {
                pending.Pop();
                continue;
            }

            if (open.Add(function))
            {
                foreach ((_, OnnxFunction callee) in CallsIn(function.Body))
                {
                    if (open.Contains(callee) && !sizes.ContainsKey(callee))
                        throw new InvalidModelException($"Function '{callee.Name}' of domain '{callee.Domain}' calls itself; it cannot be inlined.");
                    if (!sizes.ContainsKey(callee))
                        pending.Push(callee);
                }

                continue;
            }

            pending.Pop();
            long size = NodesOf(function.Body);
            foreach ((_, OnnxFunction callee) in CallsIn(function.Body))
                size = Math.Min(limit + 1, size + sizes[callee]);
            if (size > limit)
                return null;
            sizes.Add(function, size);
        }

        return sizes;
    }
}
