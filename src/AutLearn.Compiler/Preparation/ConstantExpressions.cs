using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>What a model computes from constants alone before anything is folded, as exporters write weights.</summary>
internal static class ConstantExpressions
{
    /// <summary>Gets every value that is computed from constants alone, Constant nodes among them.</summary>
    public static HashSet<Value> In(OnnxGraph graph)
    {
        var computed = new HashSet<Value>();
        foreach (Node node in graph.Nodes)
        {
            if (CommonSubexpressionElimination.IsPure(node) && node.Inputs.All(i => i is null || i.Initializer is not null || computed.Contains(i)))
                computed.UnionWith(node.Outputs.OfType<Value>());
        }

        return computed;
    }

    /// <summary>Gets the name of the constant that a weight comes from, behind what moves or converts it.</summary>
    public static string NameOf(Value weight)
    {
        while (weight is { Initializer: null, Producer: { } producer } && producer.Input(0) is { } source)
            weight = source;
        return weight.Name;
    }
}
