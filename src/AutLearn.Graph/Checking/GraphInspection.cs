using AutLearn.Graph.Serialization;
using System.Collections.Immutable;

namespace AutLearn.Graph.Checking;

/// <summary>Checks one graph and the graphs nested in it.</summary>
internal sealed class GraphInspection(
    Dictionary<(string Domain, string Name, string Overload), OnnxFunction> functions,
    ImmutableSortedDictionary<string, long> opsets,
    OnnxFunction? enclosing,
    List<ModelProblem> problems,
    CancellationToken cancellationToken)
{
    // The values that may be read where the inspection stands, of the outer graphs too.
    private readonly HashSet<Value> _defined = [];

    /// <summary>Checks the main graph, whose inputs must be typed.</summary>
    public void CheckMain(OnnxGraph graph)
    {
        foreach (Value input in graph.Inputs)
        {
            if (input.OpaqueType is null && input.ElementType == ElementType.Undefined)
                Report(null, $"Input '{input.Name}' has no element type.");
        }

        if (graph.Outputs.Count == 0)
            Report(null, $"Graph '{graph.Name}' has no outputs.");
        CheckGraph(graph);
    }

    /// <summary>Checks the body of a function.</summary>
    public void CheckBody(OnnxGraph graph)
    {
        if (graph.Initializers.Count > 0)
            Report(null, $"Function '{graph.Name}' holds initializers, which functions cannot.");
        CheckGraph(graph);
    }

    private static string Describe(Node node) => $"Node '{node.DisplayName}' ({(node.Domain.Length == 0 ? node.OpType : $"{node.Domain}.{node.OpType}")})";

    private void CheckGraph(OnnxGraph graph)
    {
        var own = new List<Value>();
        foreach (Value input in graph.Inputs)
            Define(input, own);
        foreach (Value value in graph.Initializers)
        {
            if (!value.IsInput)
                Define(value, own);
            CheckInitializer(value);
        }

        foreach (Node node in graph.Nodes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            CheckNode(node);
            foreach (Value? output in node.OutputList)
            {
                if (output is not null)
                    Define(output, own);
            }
        }

        foreach (Value output in graph.Outputs)
        {
            if (!_defined.Contains(output))
                Report(null, $"Output '{output.Name}' of graph '{graph.Name}' is computed by no node.");
        }

        // What a subgraph defines is not visible outside.
        _defined.ExceptWith(own);
    }

    private void Define(Value value, List<Value> own)
    {
        if (value.Owner.Parent?.Find(value.Name) is { } outer && _defined.Contains(outer))
            Report(value.Producer, $"Value '{value.Name}' of graph '{value.Owner.Name}' hides a value of the same name in an outer graph.");
        if (value.Name.Contains('\0', StringComparison.Ordinal))
            Report(value.Producer, $"The name of a value of graph '{value.Owner.Name}' holds a NUL character.");
        if (value.Type is { } type && !Enum.IsDefined(type.ElementType))
            Report(value.Producer, $"Value '{value.Name}' has the unknown element type {(int)type.ElementType}.");
        if (value.Type?.Shape is { IsPlausible: false } shape)
            Report(value.Producer, $"Value '{value.Name}' has the shape {shape}, which no machine can hold.");
        _defined.Add(value);
        own.Add(value);
    }

    private void CheckInitializer(Value value)
    {
        if (value.Type is { } declared && !declared.Accepts(value.Initializer!.Type))
            Report(null, $"Value '{value.Name}' is declared as {declared} but its constant is {value.Initializer.Type}.");
    }

    private void CheckNode(Node node)
    {
        for (int i = 0; i < node.InputList.Count; i++)
        {
            if (node.InputList[i] is not { } input || _defined.Contains(input))
                continue;
            string why = input.Producer is null ? "which has no source" : $"which is computed only later, by node '{input.Producer.DisplayName}'";
            Report(node, $"{Describe(node)} reads '{input.Name}', {why}.");
        }

        if (functions.TryGetValue((node.Domain, node.OpType, node.Overload), out OnnxFunction? function))
            CheckCall(node, function);
        else if (!opsets.TryGetValue(node.Domain, out long opset))
            Report(node, $"{Describe(node)} uses the operator domain '{node.Domain}', which is not imported.");
        else if (node.Domain.Length == 0)
            CheckOperator(node, opset);

        foreach ((string name, AttributeValue attribute) in node.Attributes)
        {
            if (attribute.Reference is { } reference && (enclosing is null || !(enclosing.Attributes.Contains(reference) || enclosing.AttributeDefaults.ContainsKey(reference))))
                Report(node, $"{Describe(node)} takes attribute '{name}' from '{reference}', which no enclosing function has.");
        }

        foreach (OnnxGraph subgraph in node.Subgraphs())
            CheckGraph(subgraph);
    }

    private void CheckCall(Node node, OnnxFunction function)
    {
        if (node.InputList.Count > function.Body.Inputs.Count || node.OutputList.Count > function.Body.Outputs.Count)
        {
            Report(node, $"{Describe(node)} passes {node.InputList.Count} inputs and takes {node.OutputList.Count} outputs; "
                + $"its function has {function.Body.Inputs.Count} and {function.Body.Outputs.Count}.");
        }
    }

    private void CheckOperator(Node node, long opset)
    {
        // The table begins with the versions that ONNX Runtime runs; of older ones it knows the names alone.
        if (opset < OnnxVersions.OldestRunOpset && OperatorTable.All.ContainsKey(node.OpType))
            return;
        if (OperatorTable.Find(node.OpType, opset) is not { IsWithdrawn: false } signature)
        {
            string why = OperatorTable.All.TryGetValue(node.OpType, out OperatorSignature[]? versions)
                ? $"exists from version {versions[0].SinceVersion} on{(versions[^1].IsWithdrawn ? $" and until version {versions[^1].SinceVersion - 1}" : "")}"
                : "is not known";
            Report(node, $"{Describe(node)}: the operator {why}; the model uses version {opset}.");
            return;
        }

        CheckCount(node, "inputs", node.InputList.Count, signature.MinInputs, signature.MaxInputs);
        CheckCount(node, "outputs", node.OutputList.Count, signature.MinOutputs, signature.MaxOutputs);
        foreach ((string name, AttributeValue attribute) in node.Attributes)
        {
            if (!signature.Attributes.TryGetValue(name, out OperatorSignature.AttributeRule rule))
                Report(node, $"{Describe(node)} has the attribute '{name}', which the operator does not have at version {opset}.");
            else if (attribute.Kind != rule.Kind && !(attribute.Reference is not null && attribute.Kind == AttributeKind.Undefined))
                Report(node, $"{Describe(node)}: attribute '{name}' holds {attribute.Kind}, not {rule.Kind}.");
        }

        foreach ((string name, OperatorSignature.AttributeRule rule) in signature.Attributes)
        {
            if (rule.IsRequired && !node.Attributes.ContainsKey(name))
                Report(node, $"{Describe(node)} lacks the attribute '{name}'.");
        }

        CheckSubgraphs(node, opset);
    }

    private void CheckCount(Node node, string what, int count, int min, int max)
    {
        if (count < min || count > max)
        {
            string legal = max == int.MaxValue ? $"{min} or more" : min == max ? $"{min}" : $"{min} to {max}";
            Report(node, $"{Describe(node)} has {count} {what}; the operator takes {legal}.");
        }
    }

    private void CheckSubgraphs(Node node, long opset)
    {
        // A Loop takes the trip count and the condition before the carried values, its body the iteration number and the condition;
        // the body gives the condition first. Scan's first version took the lengths of the sequences as one more input.
        foreach ((string name, AttributeValue attribute) in node.Attributes)
        {
            if (attribute.Kind != AttributeKind.Graph || attribute.Reference is not null)
                continue;
            OnnxGraph body = attribute.Graph;
            (int? inputs, int? outputs) = node.OpType switch
            {
                "If" => (0, node.OutputList.Count),
                "Loop" => (node.InputList.Count, node.OutputList.Count + 1),
                "Scan" => (node.InputList.Count - (opset < 9 ? 1 : 0), node.OutputList.Count),
                _ => ((int?)null, (int?)null),
            };
            if (inputs is { } wantedInputs && body.Inputs.Count != wantedInputs)
                Report(node, $"{Describe(node)}: the graph in '{name}' has {body.Inputs.Count} inputs, not {wantedInputs}.");
            if (outputs is { } wantedOutputs && (node.OpType == "If" ? body.Outputs.Count < wantedOutputs : body.Outputs.Count != wantedOutputs))
                Report(node, $"{Describe(node)}: the graph in '{name}' has {body.Outputs.Count} outputs, not {wantedOutputs}.");
        }
    }

    private void Report(Node? node, string message) => problems.Add(new(message, node?.DisplayName));
}
