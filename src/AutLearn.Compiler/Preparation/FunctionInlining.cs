using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Replaces calls of functions defined in the model by their bodies, in subgraphs too.</summary>
/// <remarks>How many nodes come of it is counted before the first is made: functions that call functions can multiply without end.</remarks>
internal sealed class FunctionInlining : IPass
{
    /// <summary>The nodes that any model may grow to.</summary>
    public const long FreeNodes = 1 << 16;

    /// <summary>How many times its own number of nodes a larger model may grow to.</summary>
    public const long LargestGrowth = 32;

    // Names of copies join those of call and node; longer ones are cut, or nesting would multiply them.
    private const int LongestNamePart = 100;

    public string Name => "function-inlining";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        if (model.Functions.Length == 0)
            return false;
        var functions = new FunctionTable(model);
        functions.CheckGrowth(FreeNodes, LargestGrowth);
        var imported = new HashSet<OnnxFunction>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(Node Call, OnnxFunction Function)>(functions.CallsIn(model.Graph));
        while (pending.TryPop(out (Node Call, OnnxFunction Function) next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (imported.Add(next.Function))
                Import(model, next.Call, next.Function);
            foreach (Node copy in Inline(next.Call, next.Function))
            {
                if (functions.Find(copy) is { } callee)
                    pending.Push((copy, callee));
            }
        }

        Sort(model.Graph);
        model.Functions = [];
        HashSet<string> used = [.. AllNodes(model.Graph).Select(n => n.Domain)];
        model.OpsetImports = model.OpsetImports.RemoveRange(model.OpsetImports.Keys.Where(d => d.Length > 0 && !used.Contains(d)));
        return true;
    }

    private static void Sort(OnnxGraph graph)
    {
        graph.SortTopologically();
        foreach (OnnxGraph subgraph in graph.Nodes.SelectMany(n => n.Subgraphs()))
            Sort(subgraph);
    }

    private static IEnumerable<Node> AllNodes(OnnxGraph graph) =>
        graph.Nodes.Concat(graph.Nodes.SelectMany(n => n.Subgraphs()).SelectMany(AllNodes));

    private static void Import(OnnxModel model, Node call, OnnxFunction function)
    {
        foreach ((string domain, long version) in function.OpsetImports)
        {
            long outer = model.OpsetImports.GetValueOrDefault(domain, version);
            if (outer != version)
                throw new InvalidModelException($"Function '{function.Name}' uses opset {version} of domain '{domain}' but the model {outer}; export the model with one version.") { NodeName = call.DisplayName };
        }

        model.OpsetImports = model.OpsetImports.SetItems(function.OpsetImports);
    }

    private static List<Node> Inline(Node call, OnnxFunction function)
    {
        OnnxGraph graph = call.Owner;
        string prefix = Part(call.DisplayName);
        var copies = new List<Node>(function.Body.Nodes.Count);
        var map = new Dictionary<Value, Value?>();
        for (int i = 0; i < function.Body.Inputs.Count; i++)
            map[function.Body.Inputs[i]] = call.Input(i);
        foreach (Node node in function.Body.Nodes)
        {
            if (node.Subgraphs().Any())
                throw new InvalidModelException($"Function '{function.Name}' holds subgraphs (node '{node.DisplayName}'), which cannot be inlined; export the model with functions inlined.") { NodeName = call.DisplayName };
            Node copy = graph.AddNode(
                node.OpType,
                node.Inputs.Select(i => i is null ? null : map[i]),
                node.Outputs.Select(o => o is null ? "" : graph.UniqueName($"{prefix}/{Part(o.Name)}")),
                Attributes(node, call, function),
                node.Domain,
                $"{prefix}/{Part(node.DisplayName)}");
            copy.Overload = node.Overload;
            copies.Add(copy);
            for (int i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i] is { } output)
                    map[output] = copy.Outputs[i];
            }
        }

        Replace(graph, call, function, map);
        return copies;
    }

    private static string Part(string name) => name.Length <= LongestNamePart ? name : name[..LongestNamePart];

    private static IEnumerable<KeyValuePair<string, AttributeValue>> Attributes(Node node, Node call, OnnxFunction function)
    {
        foreach ((string name, AttributeValue value) in node.Attributes)
        {
            if (value.Reference is not { } reference)
                yield return new(name, value);
            else if (call.Attributes.TryGetValue(reference, out AttributeValue? given) || function.AttributeDefaults.TryGetValue(reference, out given))
                yield return new(name, given);
        }
    }

    private static void Replace(OnnxGraph graph, Node call, OnnxFunction function, Dictionary<Value, Value?> map)
    {
        HashSet<Value> inputs = [.. call.Inputs.OfType<Value>()];
        var renames = new Dictionary<Value, string>();
        for (int i = 0; i < call.Outputs.Count; i++)
        {
            if (call.Outputs[i] is not { } output)
                continue;
            Value result = map[function.Body.Outputs[i]] ?? throw new InvalidModelException($"Function '{function.Name}' returns an input that the call '{call.DisplayName}' leaves out.") { NodeName = call.DisplayName };

            // A function may return its input, or one value twice; an Identity keeps the call's own name alive.
            if (inputs.Contains(result) || renames.ContainsKey(result))
                result = graph.AddNode("Identity", [result], [graph.UniqueName($"{Part(call.DisplayName)}/{Part(output.Name)}")]).Outputs[0]!;
            result.Type = output.Type;
            graph.ReplaceAllUses(output, result);
            renames.Add(result, output.Name);
        }

        graph.Remove(call);
        foreach ((Value value, string name) in renames)
        {
            if (graph.Find(name) is null)
                graph.Rename(value, name);
        }
    }
}
