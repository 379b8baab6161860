using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>ONNX Runtime's own attention layers, taken apart into products and a softmax.</summary>
internal static class ContributedAttention
{
    private const string Domain = "com.microsoft";

    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("Attention", sinceOpset: 1, Attention, Domain);
        rules.AddComposed("MultiHeadAttention", sinceOpset: 1, MultiHeadAttention, Domain);
        rules.AddComposed("GroupQueryAttention", sinceOpset: 1, GroupQueryAttention, Domain);
    }

    // q, k, v = parts of x w + b
    private static Value?[] Attention(GradientContext g)
    {
        Refuse(g, g.OptionalInput(6) is not null || g.Node.GetInt("past_present_share_buffer", 0) != 0, "a shared buffer of past keys");
        Refuse(g, g.Node.GetInt("do_rotary", 0) != 0, "do_rotary");
        Value projected = g.MatMul(g.Input(0), g.Input(1));
        if (g.OptionalInput(2) is { } bias)
            projected = g.Add(projected, bias);
        Value[] parts = Split(g, projected, g.Input(1), g.Node.GetInts("qkv_hidden_sizes") is { } given ? [.. given] : null);
        long heads = Heads(g, "num_heads");
        Value query = ScaledDotProduct.SplitHeads(g, parts[0], heads);
        Value key = ScaledDotProduct.SplitHeads(g, parts[1], heads), value = ScaledDotProduct.SplitHeads(g, parts[2], heads);
        Value? offset = null;
        if (g.OptionalInput(4) is { } past)
        {
            offset = g.Builder.SizeOf(past, 3);
            key = g.Builder.Concat(2, g.Op("Gather", [past, g.Int(0)]), key);
            value = g.Builder.Concat(2, g.Op("Gather", [past, g.Int(1)]), value);
        }

        ScaledDotProduct attention = Core(g, query, key, value);
        Mask(g, attention, g.OptionalInput(3), g.OptionalInput(5), offset);
        Value y = ScaledDotProduct.JoinHeads(g, attention.Compute());
        Value? present = g.Node.Output(1) is null ? null
            : g.Builder.Concat(0, g.Op("Unsqueeze", [key, g.Ints(0)]), g.Op("Unsqueeze", [value, g.Ints(0)]));
        return [y, present];
    }

    private static Value?[] MultiHeadAttention(GradientContext g)
    {
        Refuse(g, g.OptionalInput(1) is not { Shape.Rank: 3 } || g.OptionalInput(2) is not { Shape.Rank: 3 } || g.RankOf(g.Input(0)) != 3, "packed or cached keys");
        Refuse(g, g.OptionalInput(8) is not null || g.OptionalInput(9) is not null, "a shared buffer of past keys");
        Value query = g.Input(0), key = g.Input(1), value = g.Input(2);
        if (g.OptionalInput(3) is { } bias)
        {
            Value lengths = g.JoinSizes(g.Builder.SizeOf(query, 2), g.Builder.SizeOf(key, 2), g.Builder.SizeOf(value, 2));
            Value[] parts = g.Ops("Split", 3, [bias, lengths], ("axis", AttributeValue.Of(0L)));
            (query, key, value) = (g.Add(query, parts[0]), g.Add(key, parts[1]), g.Add(value, parts[2]));
        }

        long heads = Heads(g, "num_heads");
        query = ScaledDotProduct.SplitHeads(g, query, heads);
        key = ScaledDotProduct.SplitHeads(g, key, heads);
        value = ScaledDotProduct.SplitHeads(g, value, heads);
        Value? offset = null;
        if (g.OptionalInput(6) is { } pastKey && g.OptionalInput(7) is { } pastValue)
        {
            offset = g.Builder.SizeOf(pastKey, 2);
            key = g.Builder.Concat(2, pastKey, key);
            value = g.Builder.Concat(2, pastValue, value);
        }

        ScaledDotProduct attention = Core(g, query, key, value);
        Mask(g, attention, g.OptionalInput(4), g.OptionalInput(5), offset);
        Value y = ScaledDotProduct.JoinHeads(g, attention.Compute());
        return [y, key, value, attention.Products];
    }

    // Causal, with fewer heads of keys, and turned by positions where asked; each sequence has seqlens_k + 1 keys
    private static Value?[] GroupQueryAttention(GradientContext g)
    {
        Refuse(g, g.Node.GetInt("local_window_size", -1) != -1, "local_window_size");
        Refuse(g, g.Node.GetInt("smooth_softmax", 0) > 0 || g.OptionalInput(11) is not null, "a smoothed softmax");
        Refuse(g, g.OptionalInput(9) is not null, "given positions");
        Refuse(g, g.Node.GetInt("qk_output", 0) != 0, "its scores as an output");
        long queryHeads = Heads(g, "num_heads"), keyHeads = Heads(g, "kv_num_heads");
        Value query = g.Input(0);
        Value key, value;
        if (g.OptionalInput(1) is { } givenKey && g.OptionalInput(2) is { } givenValue)
        {
            query = ScaledDotProduct.SplitHeads(g, query, queryHeads);
            key = ScaledDotProduct.SplitHeads(g, givenKey, keyHeads);
            value = ScaledDotProduct.SplitHeads(g, givenValue, keyHeads);
        }
        else
        {
            Value all = ScaledDotProduct.SplitHeads(g, query, queryHeads + (2 * keyHeads));
            Value[] parts = g.Ops("Split", 3, [all, g.Ints(queryHeads, keyHeads, keyHeads)], ("axis", AttributeValue.Of(1L)));
            (query, key, value) = (parts[0], parts[1], parts[2]);
        }

        Value? past = g.OptionalInput(3) is { } pastKey && g.OptionalInput(4) is not null ? g.Builder.SizeOf(pastKey, 2) : null;
        if (g.Node.GetInt("do_rotary", 0) != 0)
        {
            Value steps = query.Shape![2].IsKnown ? g.Int(query.Shape[2].Size) : g.Op("Squeeze", [g.Builder.SizeOf(query, 2), g.Ints(0)]);
            Value positions = g.Op("Range", [g.Int(0), steps, g.Int(1)]);
            if (past is not null)
                positions = g.Add(positions, past);
            Value cos = g.Op("Gather", [g.Input(7), positions]), sin = g.Op("Gather", [g.Input(8), positions]);
            bool isInterleaved = g.Node.GetInt("rotary_interleaved", 0) != 0;
            query = RotaryEmbeddingGradients.Turn(g, query, cos, sin, isInterleaved, Turned(g, query, cos));
            key = RotaryEmbeddingGradients.Turn(g, key, cos, sin, isInterleaved, Turned(g, key, cos));
        }

        if (past is not null)
        {
            key = g.Builder.Concat(2, g.Input(3), key);
            value = g.Builder.Concat(2, g.Input(4), value);
        }

        var attention = new ScaledDotProduct(g, query, key, value)
        {
            Scale = GivenScale(g),
            Softcap = g.Node.GetFloat("softcap", 0f),
        };
        if (g.OptionalInput(10) is { } attentionBias)
            attention.AddBias(attentionBias);
        attention.MaskFuture(past);
        Value y = ScaledDotProduct.JoinHeads(g, attention.Compute());
        return [y, key, value];
    }

    // All elements of a head, or as many as the table has angles for.
    private static long Turned(GradientContext g, Value heads, Value cos) =>
        heads.Shape![3].IsKnown && cos.Shape is { } shape && shape[shape.Rank - 1].IsKnown && heads.Shape[3].Size != 2 * shape[shape.Rank - 1].Size
            ? 2 * shape[shape.Rank - 1].Size
            : 0;

    private static ScaledDotProduct Core(GradientContext g, Value query, Value key, Value value) => new(g, query, key, value)
    {
        Scale = GivenScale(g),
        MaskValue = g.Node.GetFloat("mask_filter_value", -10000f),
    };

    // A scale of 0 stands for the usual one.
    private static float? GivenScale(GradientContext g) => g.Node.GetFloat("scale", 0f) is var scale && scale == 0 ? null : scale;

    private static void Mask(GradientContext g, ScaledDotProduct attention, Value? seen, Value? bias, Value? offset)
    {
        if (seen is not null)
        {
            // [N] lengths, or [N, keys] and [N, queries, keys] with 1 for what is seen
            switch (seen.Shape?.Rank)
            {
                case 1 when g.Input(0).Shape is { } x && seen.Shape[0].IsSameSizeAs(x[0]):
                    attention.MaskPadding(seen);
                    break;
                case 2:
                    attention.AddMask(g.Op("Unsqueeze", [g.Builder.Cast(seen, ElementType.Bool), g.Ints(1, 2)]));
                    break;
                case 3:
                    attention.AddMask(g.Op("Unsqueeze", [g.Builder.Cast(seen, ElementType.Bool), g.Ints(1)]));
                    break;
                default:
                    Refuse(g, true, $"a mask of shape {seen.Shape}");
                    break;
            }
        }

        if (bias is not null)
            attention.AddBias(bias);
        if (g.Node.GetInt("unidirectional", 0) != 0)
            attention.MaskFuture(offset);
    }

    private static Value[] Split(GradientContext g, Value projected, Value weights, long[]? sizes)
    {
        if (sizes is null)
            return g.Ops("Split", 3, [projected], ("axis", AttributeValue.Of(-1L)), ("num_outputs", AttributeValue.Of(3L)));
        if (sizes.Length != 3)
            throw new InvalidModelException($"Node '{g.Node.DisplayName}' (Attention) has {sizes.Length} qkv_hidden_sizes for weights {weights.Shape}.") { NodeName = g.Node.DisplayName };
        return g.Ops("Split", 3, [projected, g.Ints(sizes)], ("axis", AttributeValue.Of(-1L)));
    }

    private static long Heads(GradientContext g, string attribute) => g.Node.GetInt(attribute, 0) is > 0 and var heads
        ? heads
        : throw new InvalidModelException($"Node '{g.Node.DisplayName}' ({g.Node.OpType}) lacks {attribute}.") { NodeName = g.Node.DisplayName };

    private static void Refuse(GradientContext g, bool isRefused, string what)
    {
        if (isRefused)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType} with {what})"]);
    }
}
