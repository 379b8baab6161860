using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Rotary embeddings, taken apart.</summary>
/// <remarks>Su et al., RoFormer, arXiv:2104.09864, section 3.4.2: pairs of elements turn by an angle that grows with the position.</remarks>
internal static class RotaryEmbeddingGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("RotaryEmbedding", sinceOpset: 23, RotaryEmbedding);
        rules.AddComposed("RotaryEmbedding", sinceOpset: 1, Contributed, "com.microsoft");
    }

    // cos and sin are tables by position, or given for each step
    private static Value?[] RotaryEmbedding(GradientContext g)
    {
        Value cos = g.Input(1), sin = g.Input(2);
        if (g.OptionalInput(3) is { } positions)
            (cos, sin) = (g.Op("Gather", [cos, positions]), g.Op("Gather", [sin, positions]));
        return [Turn(g, g.Input(0), cos, sin)];
    }

    // As above with positions first: one for each step, or that of the first
    private static Value?[] Contributed(GradientContext g)
    {
        Value x = g.Input(0), positions = g.Input(1);
        if (g.Node.GetInt("is_packed_batching", 0) != 0 || g.Node.GetFloat("scale", 1f) != 1f)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (RotaryEmbedding packed or scaled)"]);
        if (g.RankOf(positions) == 1)
        {
            int axis = g.RankOf(x) == 3 ? 1 : 2;
            Value steps = x.Shape![axis].IsKnown ? g.Int(x.Shape[axis].Size) : g.Op("Squeeze", [g.Builder.SizeOf(x, axis), g.Ints(0)]);
            positions = g.Op("Unsqueeze", [g.Add(g.Op("Range", [g.Int(0), steps, g.Int(1)]), positions), g.Ints(0)]);
        }

        return [Turn(g, x, g.Op("Gather", [g.Input(2), positions]), g.Op("Gather", [g.Input(3), positions]))];
    }

    private static Value Turn(GradientContext g, Value x, Value cos, Value sin)
    {
        bool isFlat = g.RankOf(x) == 3;
        if (isFlat)
            x = g.Builder.Reshape(x, HeadSizes(g, cos));
        Value axis = g.Ints(isFlat ? 2 : 1);
        Value y = Turn(g, x, g.Op("Unsqueeze", [cos, axis]), g.Op("Unsqueeze", [sin, axis]), g.Node.GetInt("interleaved", 0) != 0, g.Node.GetInt("rotary_embedding_dim", 0));
        return isFlat ? g.ReshapeLike(y, g.Input(0)) : y;
    }

    /// <summary>(a, b) of each pair becomes (a cos - b sin, a sin + b cos); elements beyond the turned ones stay.</summary>
    /// <param name="g">The context.</param>
    /// <param name="x">Four axes, the last of which is turned.</param>
    /// <param name="cos">Cosines that broadcast to x, half as many.</param>
    /// <param name="sin">Sines likewise.</param>
    /// <param name="isInterleaved">Whether pairs stand side by side, or half the elements apart.</param>
    /// <param name="turned">The number of elements that turn; all if 0.</param>
    public static Value Turn(GradientContext g, Value x, Value cos, Value sin, bool isInterleaved, long turned)
    {
        Value moving = turned == 0 ? x : Slice(g, x, 0, turned, 1);
        (Value a, Value b) = isInterleaved ? (Slice(g, moving, 0, long.MaxValue, 2), Slice(g, moving, 1, long.MaxValue, 2)) : Halves(g, moving);
        Value first = g.Sub(g.Mul(a, cos), g.Mul(b, sin)), second = g.Add(g.Mul(a, sin), g.Mul(b, cos));
        Value y = isInterleaved
            ? g.ReshapeLike(g.Builder.Concat(-1, g.Op("Unsqueeze", [first, g.Ints(-1)]), g.Op("Unsqueeze", [second, g.Ints(-1)])), moving)
            : g.Builder.Concat(-1, first, second);
        return turned == 0 ? y : g.Builder.Concat(-1, y, Slice(g, x, turned, long.MaxValue, 1));
    }

    // [N, steps, heads, size]; without their number the heads are as wide as the table says
    private static Value HeadSizes(GradientContext g, Value cos)
    {
        if (g.Node.GetInt("num_heads", 0) is > 0 and var heads)
            return g.Ints(0, 0, heads, -1);
        Value half = g.Builder.SizeOf(cos, g.RankOf(cos) - 1);
        return half.ConstantInts() is [var known] ? g.Ints(0, 0, -1, 2 * known) : g.Builder.Concat(0, g.Ints(0, 0, -1), g.Builder.Mul(half, 2));
    }

    private static (Value A, Value B) Halves(GradientContext g, Value x)
    {
        Value[] parts = g.Ops("Split", 2, [x], ("axis", AttributeValue.Of(-1L)), ("num_outputs", AttributeValue.Of(2L)));
        return (parts[0], parts[1]);
    }

    private static Value Slice(GradientContext g, Value x, long start, long end, long step) =>
        g.Op("Slice", [x, g.Ints(start), g.Ints(end), g.Ints(-1), g.Ints(step)]);
}
