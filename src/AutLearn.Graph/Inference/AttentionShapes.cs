namespace AutLearn.Graph.Inference;

/// <summary>Attention and what belongs to it.</summary>
internal static class AttentionShapes
{
    private const string Contributed = "com.microsoft";

    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Attention"), Attention);
        rules.Add(("", "RotaryEmbedding"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add((Contributed, "RotaryEmbedding"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add((Contributed, "Attention"), FusedAttention);
        rules.Add((Contributed, "MultiHeadAttention"), MultiHeadAttention);
        rules.Add((Contributed, "GroupQueryAttention"), GroupQueryAttention);
    }

    // Heads of [N, heads, steps, size], or [N, steps, heads size] with the numbers of heads as attributes
    private static void Attention(ShapeContext c)
    {
        Shape? q = Heads(c, c.Required(0), "q_num_heads"), k = Heads(c, c.Required(1), "kv_num_heads"), v = Heads(c, c.Required(2), "kv_num_heads");
        bool isFlat = c.Required(0) is { Rank: 3 };
        Shape? y = q is null || v is null ? null
            : isFlat ? new Shape(q[0], q[2], c.Multiply(q[1], v[3], "a width of"))
            : new Shape(q[0], q[1], q[2], v[3]);
        c.Set(0, c.TypeOf(0), y);
        Shape? presentKey = Joined(c, k, c.ShapeOf(4), c.Node.Input(4) is not null);
        c.Set(1, c.TypeOf(1), presentKey);
        c.Set(2, c.TypeOf(2), Joined(c, v, c.ShapeOf(5), c.Node.Input(5) is not null));
        c.Set(3, c.TypeOf(0), q is null || presentKey is null ? null : new Shape(q[0], q[1], q[2], presentKey[2]));
    }

    // x [N, steps, width], weights [width, q + k + v]
    private static void FusedAttention(ShapeContext c)
    {
        Shape? x = c.Required(0), weights = c.Required(1);
        Dimension width = c.Node.GetInts("qkv_hidden_sizes") is { Length: 3 } sizes ? c.Size(sizes[2], "qkv_hidden_sizes")
            : weights is { Rank: 2 } ? c.Divide(weights[1], 3, "columns of the weights")
            : Dimension.Unknown;
        c.Set(0, c.TypeOf(0), x is { Rank: 3 } ? new Shape(x[0], x[1], width) : null);
    }

    private static void MultiHeadAttention(ShapeContext c)
    {
        Shape? q = c.Required(0), v = c.ShapeOf(2);
        long heads = c.Node.GetInt("num_heads", 0);
        bool isPlain = q is { Rank: 3 } && v is { Rank: 3 } && c.ShapeOf(1) is { Rank: 3 };
        c.Set(0, c.TypeOf(0), isPlain ? new Shape(q![0], q[1], v![2]) : null);
        if (!isPlain || heads <= 0)
            return;
        c.Set(1, c.TypeOf(0), Joined(c, Split(c, c.ShapeOf(1)!, heads), c.ShapeOf(6), c.Node.Input(6) is not null));
        c.Set(2, c.TypeOf(0), Joined(c, Split(c, v!, heads), c.ShapeOf(7), c.Node.Input(7) is not null));
    }

    private static void GroupQueryAttention(ShapeContext c)
    {
        Shape? q = c.Required(0);
        long heads = c.Node.GetInt("num_heads", 0), keyHeads = c.Node.GetInt("kv_num_heads", 0);
        if (q is not { Rank: 3 } || heads <= 0 || keyHeads <= 0)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        // Without keys the queries hold them too.
        bool isPacked = c.Node.Input(1) is null;
        Dimension size = c.Divide(q[2], isPacked ? heads + (2 * keyHeads) : heads, "a width of");
        c.Set(0, c.TypeOf(0), new Shape(q[0], q[1], isPacked ? c.Multiply(size, heads, "a width of") : q[2]));
        for (int o = 1; o <= 2; o++)
            c.Set(o, c.TypeOf(0), new Shape(q[0], keyHeads, Dimension.Unknown, size));
    }

    private static Shape? Heads(ShapeContext c, Shape? x, string attribute)
    {
        if (x is null or { Rank: 4 })
            return x;
        long heads = c.Node.GetInt(attribute, 0);
        if (x.Rank != 3 || heads <= 0)
            throw c.Error($"has an input of shape {x} and {attribute} {heads}");
        return Split(c, x, heads);
    }

    private static Shape Split(ShapeContext c, Shape x, long heads) => new(x[0], heads, x[1], c.Divide(x[2], heads, "a width of"));

    // What is past comes before, along the steps.
    private static Shape? Joined(ShapeContext c, Shape? now, Shape? past, bool hasPast)
    {
        if (!hasPast || now is null)
            return now;
        return now.With(2, past is { Rank: 4 } ? c.Add(past[2], now[2], "steps") : Dimension.Unknown);
    }
}
