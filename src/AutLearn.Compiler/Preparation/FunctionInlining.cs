using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Replaces calls of functions defined in the model by their bodies.</summary>
internal sealed class FunctionInlining : IPass
{
    // Functions may call functions, but not themselves; a file that nests deeper than this is taken to be hostile.
    private const int MaxDepth = 64;

    private const int MaxNodes = 1 << 20;

    public string Name => "function-inlining";

    public bool Run(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        if (model.Functions.Length == 0)
            return false;
        for (int depth = 0; ; depth++)
        {
            Node[] calls = [.. graph.Nodes.Where(n => Find(model, n) is not null)];
            if (calls.Length == 0)
                break;
            if (depth == MaxDepth || graph.Nodes.Count > MaxNodes)
                throw new InvalidModelException("The model's functions call one another too deeply; they cannot be inlined.");
            foreach (Node call in calls)
                Inline(model, call, Find(model, call)!);
        }

        graph.SortTopologically();
        model.Functions = [];
        foreach (string domain in model.OpsetImports.Keys.Where(d => d.Length > 0 && graph.Nodes.All(n => n.Domain != d)).ToArray())
            model.OpsetImports = model.OpsetImports.Remove(domain);
        return true;
    }

    private static OnnxFunction? Find(OnnxModel model, Node node) =>
        model.Functions.FirstOrDefault(f => f.Name == node.OpType && f.Domain == node.Domain && f.Overload == node.Overload);

    private static void Inline(OnnxModel model, Node call, OnnxFunction function)
    {
        foreach ((string domain, long version) in function.OpsetImports)
        {
            long outer = model.OpsetImports.GetValueOrDefault(domain, version);
            if (outer != version)
                throw new InvalidModelException($"Function '{function.Name}' uses opset {version} of domain '{domain}' but the model {outer}; export the model with one version.") { NodeName = call.DisplayName };
            model.OpsetImports = model.OpsetImports.SetItem(domain, version);
        }

        OnnxGraph graph = call.Owner;
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
                node.Outputs.Select(o => o is null ? "" : graph.UniqueName($"{call.DisplayName}/{o.Name}")),
                Attributes(node, call, function),
                node.Domain,
                $"{call.DisplayName}/{node.DisplayName}");
            copy.Overload = node.Overload;
            for (int i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i] is { } output)
                    map[output] = copy.Outputs[i];
            }
        }

        Replace(graph, call, function, map);
    }

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
        var renames = new List<(Value Value, string Name)>();
        for (int i = 0; i < call.Outputs.Count; i++)
        {
            if (call.Outputs[i] is not { } output)
                continue;
            Value result = map[function.Body.Outputs[i]] ?? throw new InvalidModelException($"Function '{function.Name}' returns an input that the call '{call.DisplayName}' leaves out.") { NodeName = call.DisplayName };

            // A function may return its input, or one value twice; an Identity keeps the call's own name alive.
            if (result.Producer is null || output.IsOutput && renames.Any(r => ReferenceEquals(r.Value, result)) || !result.Name.StartsWith(call.DisplayName + "/", StringComparison.Ordinal))
                result = graph.AddNode("Identity", [result], [graph.UniqueName($"{call.DisplayName}/{output.Name}")]).Outputs[0]!;
            result.Type = output.Type;
            graph.ReplaceAllUses(output, result);
            renames.Add((result, output.Name));
        }

        graph.Remove(call);
        foreach ((Value value, string name) in renames)
        {
            if (graph.Find(name) is null)
                graph.Rename(value, name);
        }
    }
}
