using AutLearn.Graph;

namespace AutLearn.Cloud.Inspection;

/// <summary>Counts the floating-point operations of one node for one sample.</summary>
/// <remarks>
/// A multiplication and an addition count as two. Products (convolution, matrix product, recurrent cells) are counted by their sums;
/// every other operator counts one operation for each element of its outputs. Symbolic dimensions count as 1, so the figure is for one
/// sample where the batch is symbolic.
/// </remarks>
internal static class OperationCount
{
    /// <summary>Counts a node.</summary>
    /// <returns>The operations; null where a shape is not known.</returns>
    public static long? Of(Node node)
    {
        if (node.Output(0)?.Shape is not { } shape || Elements(shape) is not { } outputs)
            return null;
        return node.OpType switch
        {
            "Conv" => Size(node, 1) is { } w && w[0] > 0 ? 2 * outputs * (w.Aggregate(1L, static (a, b) => a * b) / w[0]) : null,
            "ConvTranspose" => Size(node, 1) is { } w && node.Input(0)?.Shape is { } x && Elements(x) is { } inputs && w[0] > 0
                ? 2 * inputs * (w.Aggregate(1L, static (a, b) => a * b) / w[0]) : null,
            "Gemm" => Size(node, 1) is { } w ? 2 * outputs * w[node.GetInt("transB", 0) != 0 ? 1 : 0] : null,
            "MatMul" => node.Input(0)?.Shape is { Rank: > 0 } a && a[a.Rank - 1].IsKnown ? 2 * outputs * a[a.Rank - 1].Size : null,
            "LSTM" or "GRU" or "RNN" => Recurrent(node),
            "Identity" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Shape" or "Constant" or "Dropout" => 0,
            _ => outputs,
        };
    }

    /// <summary>Counts the elements of a shape; symbols count as 1, a dimension of which nothing is known makes the count unknown.</summary>
    public static long? Elements(Shape shape)
    {
        long count = 1;
        for (int i = 0; i < shape.Rank; i++)
        {
            if (!shape[i].IsKnown && shape[i].Symbol is null && i > 0)
                return null;
            count = checked(count * (shape[i].IsKnown ? shape[i].Size : 1));
        }

        return count;
    }

    // Each time step multiplies the input by W [D, gates*H, I] and the state by R [D, gates*H, H].
    private static long? Recurrent(Node node)
    {
        if (node.Input(0)?.Shape is not { Rank: 3 } x || Size(node, 1) is not { } w || Size(node, 2) is not { } r)
            return null;
        long steps = (x[0].IsKnown ? x[0].Size : 1) * (x[1].IsKnown ? x[1].Size : 1);
        return 2 * steps * (w.Aggregate(1L, static (a, b) => a * b) + r.Aggregate(1L, static (a, b) => a * b));
    }

    private static long[]? Size(Node node, int input) =>
        node.Input(input)?.Shape is { IsStatic: true } shape ? shape.ToSizes() : null;
}
