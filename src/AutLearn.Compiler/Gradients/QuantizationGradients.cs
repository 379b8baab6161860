using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of quantisation: whole numbers carry none, scales do.</summary>
internal static class QuantizationGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("DequantizeLinear", sinceOpset: 10, DequantizeLinear);
        rules.AddZero("DynamicQuantizeLinear", sinceOpset: 11, "its scale is held fixed, as in libtorch's fake quantisation");
    }

    // y = (x - zero point) scale, scale for all, along an axis or for blocks of it  =>  dscale = sum of dy (x - zero point) over what shares it
    private static Value?[] DequantizeLinear(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        if (!g.NeedsGradient(1))
            return result;
        Value scale = g.Input(1), dy = g.OutputGradient(0);
        (string, AttributeValue)[] attributes = [.. g.Node.Attributes.Select(a => (a.Key, a.Value))];
        Tensor one = GraphBuilder.ScalarTensor(scale.ElementType, 1);
        Value ones = g.Op("ConstantOfShape", [g.ShapeOf(scale)], ("value", AttributeValue.Of(new Tensor(one.ElementType, [1], one.Bytes))));
        ones.Type = scale.Type;
        Value steps = g.Op("DequantizeLinear", [g.Input(0), ones, g.OptionalInput(2)], attributes);
        result[1] = g.Builder.CastLike(SumOverSharing(g, g.Mul(dy, steps)), scale);
        return result;
    }

    private static Value SumOverSharing(GradientContext g, Value product)
    {
        Value x = g.Input(0), scale = g.Input(1);
        int rank = g.RankOf(x), scaleRank = g.RankOf(scale);
        long blockSize = g.Node.GetInt("block_size", 0);
        if (scaleRank == 0 || (scaleRank == 1 && scale.Shape![0].Is(1) && blockSize == 0))
            return g.ReshapeLike(g.Op("ReduceSum", [product], ("keepdims", AttributeValue.Of(0L))), scale);
        int axis = g.AxisOf(g.Node.GetInt("axis", 1), rank);
        if (blockSize == 0)
            return g.Builder.ReduceSum(product, [.. Enumerable.Range(0, rank).Where(a => a != axis).Select(a => (long)a)]);
        if (x.Shape![axis] is not { IsKnown: true, Size: var size } || size % blockSize != 0)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (DequantizeLinear with blocks that do not divide their axis)"]);
        Value[] sizes = [.. Enumerable.Range(0, rank).Select(a => a == axis ? g.Ints(size / blockSize, blockSize) : g.Builder.SizeOf(x, a))];
        return g.Builder.ReduceSum(g.Builder.Reshape(product, g.JoinSizes(sizes)), axis + 1);
    }
}
