using AutLearn.Compiler.Gradients;
using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Leaves out reshapes between products, so that gradients of rows stay rows.</summary>
/// <remarks>
/// A reshape of a reshape is the second alone, or nothing where it restores the shape. The sum of two reshaped values of one shape is the
/// reshaped sum, which a product can then take over.
/// </remarks>
internal sealed class ReshapeMerging : IPass
{
    public string Name => "reshape-merging";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (node.Is("Reshape"))
                modified |= Restore(graph, node) || SkipFirst(graph, node);
            else if (node.Is("Add"))
                modified |= ReshapeSum(graph, node);
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }

    private static bool Restore(OnnxGraph graph, Node reshape)
    {
        Value old = reshape.Outputs[0]!, source = SourceOf(reshape.Inputs[0]!);
        if (old.IsOutput || old.Shape is not { } shape || source.Shape is not { } former || !AreSame(shape, former))
            return false;
        graph.ReplaceAllUses(old, source);
        graph.Remove(reshape);
        return true;
    }

    private static bool SkipFirst(OnnxGraph graph, Node reshape)
    {
        if (reshape.Inputs[0]! is not { Producer: { } first } || !first.Is("Reshape") || SizesOf(reshape) is not { } sizes || sizes.Contains(0))
            return false;
        graph.SetInput(reshape, 0, first.Inputs[0]!);
        return true;
    }

    private static bool ReshapeSum(OnnxGraph graph, Node sum)
    {
        if (sum.Inputs[0] is not { Uses.Count: 1, IsOutput: false, Producer: { } left } || sum.Inputs[1] is not { Uses.Count: 1, IsOutput: false, Producer: { } right }
            || !left.Is("Reshape") || !right.Is("Reshape") || SizesOf(left) is not { } sizes || SizesOf(right) is not { } others || !sizes.SequenceEqual(others) || sizes.Contains(0)
            || left.Inputs[0]!.Shape is not { } shape || right.Inputs[0]!.Shape is not { } other || !AreSame(shape, other))
        {
            return false;
        }

        Value old = sum.Outputs[0]!;
        Value inner = graph.AddNode("Add", [left.Inputs[0], right.Inputs[0]], [graph.UniqueName($"{old.Name}/rows")]).Outputs[0]!;
        inner.Type = left.Inputs[0]!.Type;
        Value result = graph.AddNode("Reshape", [inner, left.Inputs[1]], [graph.UniqueName($"{old.Name}/reshaped")]).Outputs[0]!;
        result.Type = old.Type;
        string name = old.Name;
        bool isOutput = old.IsOutput;
        graph.ReplaceAllUses(old, result);
        graph.Remove(sum);
        if (isOutput)
            graph.Rename(result, name);
        return true;
    }

    private static Value SourceOf(Value value)
    {
        while (value.Producer is { } node && node.Is("Reshape"))
            value = node.Inputs[0]!;
        return value;
    }

    private static long[]? SizesOf(Node reshape) => reshape.GetInt("allowzero", 0) == 0 ? reshape.Inputs[1]!.ConstantInts() : null;

    private static bool AreSame(Shape a, Shape b) =>
        a.Rank == b.Rank && a.Zip(b).All(d => d.First.IsSameSizeAs(d.Second));
}
