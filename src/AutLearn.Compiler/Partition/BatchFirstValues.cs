using AutLearn.Compiler.Preparation;
using AutLearn.Graph;

namespace AutLearn.Compiler.Partition;

/// <summary>Gives the head batch-first forms of what it reads from the backbone in another order, as recurrent networks hold time first.</summary>
internal static class BatchFirstValues
{
    /// <summary>Puts a pair of transpositions, to batch first and back, before every such read.</summary>
    /// <param name="prepared">The model; only edges from the backbone to the head change.</param>
    /// <param name="head">The nodes that depend on trained parameters.</param>
    /// <param name="backbone">The other nodes that depend on the user's inputs.</param>
    /// <returns>Whether there was any.</returns>
    public static bool Insert(PreparedModel prepared, IReadOnlySet<Node> head, IReadOnlySet<Node> backbone)
    {
        OnnxModel model = prepared.Model;
        bool modified = false;
        foreach (Value value in backbone.SelectMany(n => n.Outputs).OfType<Value>().ToArray())
        {
            ValueUse[] reads = [.. value.Uses.Where(u => head.Contains(u.Node))];
            if (reads.Length == 0 || BatchFirst.AxisOf(value, prepared.BatchSymbol) is not { } axis)
                continue;
            Value restored = BatchFirst.Restored(model, BatchFirst.Turned(model, value, axis), axis);
            foreach (ValueUse read in reads)
                model.Graph.SetInput(read.Node, read.InputIndex, restored);
            modified = true;
        }

        model.Graph.SortTopologically();
        return modified;
    }
}
