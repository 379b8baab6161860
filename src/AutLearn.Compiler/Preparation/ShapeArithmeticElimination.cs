using AutLearn.Compiler.Passes;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Gives every Reshape a target of numbers, and removes every Expand that repeats nothing, where inference knows what their shape arithmetic comes to.</summary>
/// <remarks>
/// Exporters compute [batch, 40, 31] from the shape of an earlier tensor. A head that needs this would need that tensor's shape too, which has no
/// row for each sample. [-1, 40, 31] says the same. What the arithmetic read is dead afterwards.
/// </remarks>
internal sealed class ShapeArithmeticElimination : IPass
{
    public string Name => "shape-arithmetic";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        IReadOnlyDictionary<Value, SymbolicInt[]> integers = ShapeInference.InferIntegers(model, DeclaredShapes.Hints, cancellationToken);
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (node.Input(1) is not { } shape || !integers.TryGetValue(shape, out SymbolicInt[]? target))
                continue;
            if (node.Is("Reshape") && Settle(node, target) is { } numbers)
            {
                graph.SetInput(node, 1, graph.AddInitializer(graph.UniqueName($"{node.DisplayName}/shape"), Tensor.Vector<long>(numbers)));
                modified = true;
            }
            else if (node.Is("Expand") && RepeatsNothing(node, target) && ReferenceEquals(node.Input(0)!.Owner, graph) && !node.Output(0)!.IsOutput)
            {
                graph.ReplaceAllUses(node.Output(0)!, node.Input(0)!);
                graph.Remove(node);
                modified = true;
            }
        }

        if (modified)
            new DeadNodeElimination().Run(model, cancellationToken);
        return modified;
    }

    // One open size follows from all the others; those that stay where they are can be copied.
    private static long[]? Settle(Node reshape, SymbolicInt[] target)
    {
        bool copiesZero = reshape.GetInt("allowzero", 0) == 0;
        if (!copiesZero && target.Any(t => t.Number is 0 or -1))
            return null;
        long[] numbers = [.. target.Select(t => t.Number ?? -1)];
        Shape? input = reshape.Input(0)?.Shape;
        for (int i = 0; i < numbers.Length && numbers.Count(n => n == -1) > 1; i++)
        {
            bool isKept = target[i].Number is null && target[i].Size.Symbol is not null && input is not null && i < input.Rank && input[i] == target[i].Size;
            if (isKept && copiesZero)
                numbers[i] = 0;
        }

        return numbers.Count(n => n == -1) <= 1 ? numbers : null;
    }

    private static bool RepeatsNothing(Node expand, SymbolicInt[] target)
    {
        if (expand.Input(0)?.Shape is not { } shape || target.Length > shape.Rank)
            return false;
        for (int i = 0; i < target.Length; i++)
        {
            Dimension kept = shape[shape.Rank - target.Length + i];
            if (target[i].Number != 1 && (target[i].Size == Dimension.Unknown || target[i].Size != kept))
                return false;
        }

        return true;
    }
}
