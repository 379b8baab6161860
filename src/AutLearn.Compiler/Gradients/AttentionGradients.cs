using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Attention of the default domain, taken apart into products and a softmax.</summary>
/// <remarks>Vaswani et al., Attention is all you need, 2017, section 3.2; grouped heads: Ainslie et al., arXiv:2305.13245.</remarks>
internal static class AttentionGradients
{
    public static void Register(GradientRegistry rules) => rules.AddComposed("Attention", sinceOpset: 23, Attention);

    private static Value?[] Attention(GradientContext g)
    {
        Value query = g.Input(0), key = g.Input(1), value = g.Input(2);
        bool isFlat = g.RankOf(query) == 3;
        if (isFlat)
        {
            long queryHeads = Heads(g, "q_num_heads"), keyHeads = Heads(g, "kv_num_heads");
            query = ScaledDotProduct.SplitHeads(g, query, queryHeads);
            key = ScaledDotProduct.SplitHeads(g, key, keyHeads);
            value = ScaledDotProduct.SplitHeads(g, value, keyHeads);
        }

        Value? pastKey = g.OptionalInput(4), pastValue = g.OptionalInput(5), lengths = g.OptionalInput(6);
        if (pastKey is not null)
            key = g.Builder.Concat(2, pastKey, key);
        if (pastValue is not null)
            value = g.Builder.Concat(2, pastValue, value);
        var attention = new ScaledDotProduct(g, query, key, value)
        {
            Scale = g.Node.Attributes.ContainsKey("scale") ? g.Node.GetFloat("scale", 1f) : null,
            Softcap = g.Node.GetFloat("softcap", 0f),
        };
        if (g.OptionalInput(3) is { } mask)
            attention.AddMask(mask);
        if (g.Node.GetInt("is_causal", 0) != 0)
            attention.MaskFuture(Offset(g, pastKey, lengths));
        if (lengths is not null)
            attention.MaskPadding(lengths);

        Value y = attention.Compute();
        Value flat = isFlat ? ScaledDotProduct.JoinHeads(g, y) : y;
        return [flat, key, value, Scores(g, attention)];
    }

    // How far the first query stands behind the first key: past keys come before; keys with lengths end with the queries.
    private static Value? Offset(GradientContext g, Value? pastKey, Value? lengths)
    {
        if (lengths is not null)
            return g.Reshape(g.Sub(lengths, g.Builder.SizeOf(g.Input(0), g.RankOf(g.Input(0)) - 2)), -1, 1, 1, 1);
        return pastKey is null ? null : g.Builder.SizeOf(pastKey, 2);
    }

    private static Value? Scores(GradientContext g, ScaledDotProduct attention) => g.Node.Output(3) is null ? null : g.Node.GetInt("qk_matmul_output_mode", 0) switch
    {
        0 => attention.Products,
        1 => attention.Capped,
        2 => attention.Masked,
        _ => attention.Weights,
    };

    private static long Heads(GradientContext g, string attribute) => g.Node.GetInt(attribute, 0) is > 0 and var heads
        ? heads
        : throw new InvalidModelException($"Node '{g.Node.DisplayName}' ({g.Node.OpType}) lacks {attribute}.") { NodeName = g.Node.DisplayName };
}
