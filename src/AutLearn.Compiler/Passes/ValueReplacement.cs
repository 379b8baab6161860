using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Puts another value in the place of one that a node computes.</summary>
internal static class ValueReplacement
{
    /// <summary>Makes readers use the other value; a graph output keeps its name by an Identity.</summary>
    public static void TakeOver(OnnxGraph graph, Value output, Value result)
    {
        if (!output.IsOutput)
        {
            graph.ReplaceAllUses(output, result);
            return;
        }

        string name = output.Name;
        Value own = graph.AddNode("Identity", [result], [graph.UniqueName($"{name}/kept")]).Outputs[0]!;
        own.Type = output.Type ?? result.Type;
        graph.ReplaceAllUses(output, own);
        graph.Rename(output, graph.UniqueName($"{name}/replaced"));
        graph.Rename(own, name);
    }
}
