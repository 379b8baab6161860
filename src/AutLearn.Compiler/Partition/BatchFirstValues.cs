using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

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
            if (reads.Length == 0 || BatchAxis(value, prepared.BatchSymbol) is not { } axis)
                continue;
            long[] toFront = [axis, .. Enumerable.Range(0, value.Shape!.Rank).Where(a => a != axis).Select(a => (long)a)];
            long[] back = [.. Enumerable.Range(0, toFront.Length).Select(a => (long)Array.IndexOf(toFront, a))];
            Value restored = Transpose(model, Transpose(model, value, toFront, "batch_first"), back, "restored");
            foreach (ValueUse read in reads)
                model.Graph.SetInput(read.Node, read.InputIndex, restored);
            modified = true;
        }

        model.Graph.SortTopologically();
        return modified;
    }

    private static long? BatchAxis(Value value, string batch)
    {
        if (value.Shape is not { } shape || shape.Count(d => d.Symbol == batch) != 1 || shape[0].Symbol == batch)
            return null;
        return shape.Select((d, i) => (d, i)).Single(p => p.d.Symbol == batch).i;
    }

    private static Value Transpose(OnnxModel model, Value x, long[] permutation, string suffix)
    {
        string name = model.Graph.UniqueName($"{x.Name}/{suffix}");
        Node node = model.Graph.AddNode("Transpose", [x], [name], [new("perm", AttributeValue.Of(permutation))], name: name);
        ShapeInference.InferNode(node, model.Opset);
        return node.Outputs[0]!;
    }
}
