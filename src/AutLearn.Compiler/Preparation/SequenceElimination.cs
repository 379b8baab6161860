using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Replaces sequences of tensors whose members are known by the tensors themselves.</summary>
/// <remarks>Exporters write chunks as SplitToSequence and SequenceAt, and stacks as SequenceConstruct and ConcatFromSequence.</remarks>
internal sealed class SequenceElimination : IPass
{
    // Parts are numbers of the file; each takes a value.
    private const long MostMembers = 1 << 10, MostParts = 1 << 16;

    public string Name => "sequence-elimination";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        var members = new Dictionary<Value, Value[]>();
        long parts = 0;
        bool modified = false;
        foreach (Node node in graph.Nodes.Where(n => n.Domain.Length == 0).ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (node.Output(0) is not { } output)
                continue;
            if (parts <= MostParts && MembersOf(graph, node, members) is { Length: <= (int)MostMembers } known)
            {
                members[output] = known;
                parts += known.Length;
            }
            else if (Tensor(graph, node, members) is { } tensor)
            {
                ValueReplacement.TakeOver(graph, output, tensor);
                modified = true;
            }
        }

        if (modified)
            graph.SortTopologically();
        return modified;
    }

    private static Value[]? MembersOf(OnnxGraph graph, Node node, Dictionary<Value, Value[]> members)
    {
        Value[]? given = node.Input(0) is { } first ? members.GetValueOrDefault(first) : null;
        switch (node.OpType)
        {
            case "SequenceEmpty":
                return [];
            case "SequenceConstruct":
                return [.. node.Inputs.OfType<Value>()];
            case "Identity":
                return given;
            case "SequenceInsert" when given is not null && node.Input(1) is { } added && Position(node.Input(2), given.Length, given.Length) is { } at && at <= given.Length:
                return [.. given[..at], added, .. given[at..]];
            case "SequenceErase" when given is not null && Position(node.Input(1), given.Length, given.Length - 1) is { } at && at < given.Length:
                return [.. given[..at], .. given[(at + 1)..]];
            case "SplitToSequence":
                return Parts(graph, node);
            default:
                return null;
        }
    }

    private static Value? Tensor(OnnxGraph graph, Node node, Dictionary<Value, Value[]> members)
    {
        if (node.Input(0) is not { } sequence || !members.TryGetValue(sequence, out Value[]? given))
            return null;
        switch (node.OpType)
        {
            case "SequenceAt" when node.Input(1) is { } index && Position(index, given.Length, 0) is { } at && at < given.Length:
                return given[at];
            case "SequenceLength":
                return graph.AddInitializer(graph.UniqueName($"{node.DisplayName}/length"), Graph.Tensor.Scalar((long)given.Length));
            case "ConcatFromSequence" when given.Length > 0:
                long axis = node.GetInt("axis", 0);
                if (node.GetInt("new_axis", 0) != 0)
                {
                    Value axes = graph.AddInitializer(graph.UniqueName($"{node.DisplayName}/axis"), Graph.Tensor.Vector(axis));
                    given = [.. given.Select(v => graph.AddNode("Unsqueeze", [v, axes], [graph.UniqueName($"{node.DisplayName}/member")]).Outputs[0]!)];
                }

                return graph.AddNode("Concat", given, [graph.UniqueName($"{node.DisplayName}/joined")], [KeyValuePair.Create("axis", AttributeValue.Of(axis))]).Outputs[0];
            default:
                return null;
        }
    }

    // Counted from the end where negative; null where it is computed or lies outside.
    private static int? Position(Value? index, int length, int fallback)
    {
        if (index is null)
            return fallback < 0 ? null : fallback;
        if (ConstantEvaluator.Integers(index.Initializer) is not [var given] || !index.IsConstant)
            return null;
        long at = given < 0 ? given + length : given;
        return at >= 0 && at <= length ? (int)at : null;
    }

    private static Value[]? Parts(OnnxGraph graph, Node node)
    {
        if (node.Input(0) is not { Shape: { } shape } x)
            return null;
        long axis = node.GetInt("axis", 0);
        int at = (int)(axis < 0 ? axis + shape.Rank : axis);
        if (at < 0 || at >= shape.Rank || shape[at] is not { IsKnown: true, Size: > 0 and var size })
            return null;
        bool isSingle = node.Input(1) is null;
        long[]? lengths = isSingle ? Equal(size, 1)
            : node.Input(1) is { IsConstant: true, Initializer: { } split } ? (ConstantEvaluator.Integers(split) is { } given ? (split.Dimensions.Length == 0 ? Equal(size, given[0]) : given) : null)
            : null;
        if (lengths is null || lengths.Sum() != size || lengths.Any(l => l < 0))
            return null;
        Value[] parts = [x];
        if (lengths.Length > 1)
        {
            Value sizes = graph.AddInitializer(graph.UniqueName($"{node.DisplayName}/sizes"), Graph.Tensor.Vector<long>(lengths));
            parts = [.. graph.AddNode("Split", [x, sizes], Enumerable.Range(0, lengths.Length).Select(i => graph.UniqueName($"{node.DisplayName}/part:{i}")), [KeyValuePair.Create("axis", AttributeValue.Of((long)at))]).Outputs.Select(o => o!)];
        }

        if (!isSingle || node.GetInt("keepdims", 1) != 0)
            return parts;
        Value axes = graph.AddInitializer(graph.UniqueName($"{node.DisplayName}/axis"), Graph.Tensor.Vector((long)at));
        return [.. parts.Select(p => graph.AddNode("Squeeze", [p, axes], [graph.UniqueName($"{node.DisplayName}/member")]).Outputs[0]!)];
    }

    // The last part may be shorter.
    private static long[]? Equal(long size, long part)
    {
        if (part < 1 || size / part >= MostMembers)
            return null;
        var lengths = new List<long>();
        for (long rest = size; rest > 0; rest -= part)
            lengths.Add(Math.Min(part, rest));
        return [.. lengths];
    }
}
