using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Turns tensors so that their batch comes first, as recurrent networks that hold time first need.</summary>
internal static class BatchFirst
{
    /// <summary>Makes an input take its batch first and gives the model the former order.</summary>
    public static void Turn(OnnxModel model, Value input, int axis)
    {
        long[] toFront = ToFront(axis, input.Shape!.Rank);
        Shape turned = new(toFront.Select(a => input.Shape[(int)a]));
        OnnxGraph graph = model.Graph;
        ValueUse[] reads = [.. input.Uses];
        input.Type = input.Type! with { Shape = turned };
        Value former = Transpose(model, input, Inverse(toFront), "time_first");
        foreach (ValueUse read in reads)
            read.Node.Owner.SetInput(read.Node, read.InputIndex, former);
        graph.SortTopologically();
    }

    /// <summary>Adds a form of a computed value with the batch first.</summary>
    public static Value Turned(OnnxModel model, Value value, int axis) => Transpose(model, value, ToFront(axis, value.Shape!.Rank), "batch_first");

    /// <summary>Adds the former order of what <see cref="Turned"/> gave.</summary>
    public static Value Restored(OnnxModel model, Value turned, int axis) => Transpose(model, turned, Inverse(ToFront(axis, turned.Shape!.Rank)), "restored");

    /// <summary>Gets the axis after the first that is the batch and the only one that is; null where there is none.</summary>
    public static int? AxisOf(Value value, string batch)
    {
        if (value.Shape is not { } shape || shape.Count(d => d.Symbol == batch) != 1 || shape[0].Symbol == batch)
            return null;
        return shape.Select((d, i) => (d, i)).Single(p => p.d.Symbol == batch).i;
    }

    private static long[] ToFront(int axis, int rank) => [axis, .. Enumerable.Range(0, rank).Where(a => a != axis).Select(a => (long)a)];

    private static long[] Inverse(long[] permutation) => [.. Enumerable.Range(0, permutation.Length).Select(a => (long)Array.IndexOf(permutation, a))];

    private static Value Transpose(OnnxModel model, Value x, long[] permutation, string suffix)
    {
        string name = model.Graph.UniqueName($"{x.Name}/{suffix}");
        Node node = model.Graph.AddNode("Transpose", [x], [name], [new("perm", AttributeValue.Of(permutation))], name: name);
        ShapeInference.InferNode(node, model.Opset);
        return node.Outputs[0]!;
    }
}
