using System.Collections.Immutable;
using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>Turns a working model into one that is written.</summary>
internal static class ModelEmission
{
    /// <summary>The file-format version that came with each opset; a reader of that age needs no newer one.</summary>
    public static long IrVersionFor(long opset) => opset switch
    {
        <= 18 => 8,
        <= 20 => 9,
        <= 22 => 10,
        23 => 11,
        24 => 12,
        _ => 13,
    };

    /// <summary>Makes a value an output under a name.</summary>
    public static Value AddOutput(OnnxGraph graph, Value value, string name, TensorType? type = null)
    {
        if (value.Producer is null || value.IsOutput)
            value = graph.AddNode("Identity", [value], [graph.UniqueName($"{name}/output")]).Outputs[0]!;
        graph.Rename(value, name);
        if (type is not null)
            value.Type = type;
        graph.AddOutput(value);
        return value;
    }

    /// <summary>Removes what is dead, orders the inputs, drops those that are not named, and sets the metadata.</summary>
    public static OnnxModel Finish(OnnxModel model, string graphName, IEnumerable<string> inputs)
    {
        OnnxGraph graph = model.Graph;
        new DeadNodeElimination().Run(model);
        string[] order = [.. inputs];
        var wanted = new HashSet<string>(order, StringComparer.Ordinal);
        foreach (Value input in graph.Inputs.Where(i => !wanted.Contains(i.Name)).ToArray())
            graph.Remove(input);
        graph.OrderInputs(order.Select(n => graph.Find(n)!));
        graph.SortTopologically();
        DropRepeatedNames(graph);
        graph.Name = graphName;
        graph.DocString = null;
        model.IrVersion = IrVersionFor(model.Opset);
        model.ProducerName = "AutLearn";
        model.ProducerVersion = ProducerVersion;
        model.Metadata = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        model.DocString = null;
        model.Domain = "";
        model.ModelVersion = 0;
        return model;
    }

    // A node of ours may be called as one of the model's: converters name nodes and values apart.
    private static void DropRepeatedNames(OnnxGraph graph)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            if (!seen.Add(node.Name))
                node.Name = "";
            foreach (OnnxGraph subgraph in node.Subgraphs())
                DropRepeatedNames(subgraph);
        }
    }

    /// <summary>The compiler's version, without build metadata.</summary>
    public static string ProducerVersion { get; } = typeof(ModelEmission).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
