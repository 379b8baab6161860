using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Products with weights of a few bits, packed in blocks that share a scale.</summary>
internal static class PackedWeightGradients
{
    public static void Register(GradientRegistry rules) => rules.Add("MatMulNBits", sinceOpset: 1, MatMulNBits, "com.microsoft");

    // Y = A W^T + b with W [N, K] = (q - zero point) scale  =>  dA = dY W, db = dY; the packed numbers are unpacked in the graph, so that the
    // model stays as small as it is
    private static Value?[] MatMulNBits(GradientContext g)
    {
        Value dy = g.OutputGradient(0);
        var result = new Value?[g.InputCount];
        if (g.NeedsGradient(0))
            result[0] = g.MatMul(dy, Weights(g, dy));
        if (g.NeedsGradient(5))
            result[5] = dy;
        if (g.NeedsGradient(2) || g.NeedsGradient(3))
            throw Refused(g, "whose scales are trained");
        return result;
    }

    // [N, K]
    private static Value Weights(GradientContext g, Value like)
    {
        long bits = g.Node.GetInt("bits", 4), rows = g.Node.GetInt("N", 0), columns = g.Node.GetInt("K", 0), block = g.Node.GetInt("block_size", 0);
        if (bits is not (4 or 8) || g.OptionalInput(4) is not null)
            throw Refused(g, bits is 4 or 8 ? "with an order of its columns" : $"of {bits} bits");
        if (rows < 1 || columns < 1 || block is < 16 or > 1 << 20)
            throw new InvalidModelException($"Node '{g.Node.DisplayName}' (MatMulNBits) has N {rows}, K {columns} and block_size {block}.") { NodeName = g.Node.DisplayName };
        long blocks = (columns + block - 1) / block;
        Value numbers = g.Builder.CastLike(g.Reshape(Unpacked(g, g.Input(1), bits), rows, blocks, block), like);
        Value zero = ZeroPoints(g, bits, rows, blocks, like);
        Value weights = g.Mul(g.Sub(numbers, zero), g.Builder.CastLike(g.Reshape(g.Input(2), rows, blocks, 1), like));
        Value flat = g.Reshape(weights, rows, blocks * block);
        return blocks * block == columns ? flat : g.Op("Slice", [flat, g.Ints(0), g.Ints(columns), g.Ints(1)]);
    }

    // Packed by rows where they are integers, as the weights are; the middle of the range where they are left out.
    private static Value ZeroPoints(GradientContext g, long bits, long rows, long blocks, Value like)
    {
        if (g.OptionalInput(3) is not { } given)
            return g.Scalar(like, 1L << (int)(bits - 1));
        if (given.ElementType != ElementType.UInt8)
            return g.Builder.CastLike(g.Reshape(given, rows, blocks, 1), like);
        Value unpacked = g.Reshape(Unpacked(g, g.Reshape(given, rows, -1), bits), rows, -1);
        return g.Builder.CastLike(g.Op("Unsqueeze", [g.Op("Slice", [unpacked, g.Ints(0), g.Ints(blocks), g.Ints(1)]), g.Ints(2)]), like);
    }

    // Two numbers of 4 bits stand in a byte, the lower one first: one more axis at the end.
    private static Value Unpacked(GradientContext g, Value packed, long bits)
    {
        if (bits == 8)
            return packed;
        Value low = g.Op("BitwiseAnd", [packed, g.Constant(Tensor.Scalar((byte)15))]);
        Value high = g.Op("BitShift", [packed, g.Constant(Tensor.Scalar((byte)4))], ("direction", AttributeValue.Of("RIGHT")));
        return g.Builder.Concat(-1, g.Op("Unsqueeze", [low, g.Ints(-1)]), g.Op("Unsqueeze", [high, g.Ints(-1)]));
    }

    private static UnsupportedGradientException Refused(GradientContext g, string what) => new([$"'{g.Node.DisplayName}' (MatMulNBits {what})"]);
}
