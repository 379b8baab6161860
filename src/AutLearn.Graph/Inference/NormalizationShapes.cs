namespace AutLearn.Graph.Inference;

/// <summary>Normalizations.</summary>
internal static class NormalizationShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "BatchNormalization"), BatchNormalization);
        rules.Add(("", "InstanceNormalization"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "GroupNormalization"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "LpNormalization"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "RMSNormalization"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "MeanVarianceNormalization"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "LRN"), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "LayerNormalization"), LayerNormalization);
        rules.Add(("", "SimplifiedLayerNormalization"), SimplifiedLayerNormalization);
        rules.Add(("com.microsoft", "SkipLayerNormalization"), SkipLayerNormalization);
        rules.Add(("com.microsoft", "SkipSimplifiedLayerNormalization"), SkipLayerNormalization);
        rules.Add(("com.microsoft", "EmbedLayerNormalization"), EmbedLayerNormalization);
    }

    private static void BatchNormalization(ShapeContext c)
    {
        Shape? x = c.Required(0);
        Shape? channel = c.Required(1);
        if (x is { Rank: >= 2 } && channel is { Rank: 1 })
            c.Unify(x[1], channel[0], $"channels in {x} and scale {channel}");
        c.Set(0, c.TypeOf(0), x);
        for (int o = 1; o < c.Node.Outputs.Count; o++)
            c.Set(o, c.TypeOf(Math.Min(o + 2, 4)), channel);
    }

    private static void LayerNormalization(ShapeContext c)
    {
        Shape? x = c.Required(0);
        c.Set(0, c.TypeOf(0), x);
        if (x is null)
            return;
        int axis = c.Axis(c.Node.GetInt("axis", -1), x.Rank);
        var statistics = new Shape(x.Select((d, i) => i < axis ? d : Dimension.Of(1)));
        ElementType type = c.TypeIn("stash_type", ElementType.Float32);
        c.Set(1, type, statistics);
        c.Set(2, type, statistics);
    }

    private static void SkipLayerNormalization(ShapeContext c)
    {
        Shape? x = c.Required(0);
        c.Set(0, c.TypeOf(0), x);
        Shape? statistics = x is { Rank: > 0 } ? x.With(x.Rank - 1, 1) : null;
        c.Set(1, ElementType.Float32, statistics);
        c.Set(2, ElementType.Float32, statistics);
        c.Set(3, c.TypeOf(0), x);
    }

    private static void SimplifiedLayerNormalization(ShapeContext c)
    {
        Shape? x = c.Required(0);
        c.Set(0, c.TypeOf(1), x);
        if (x is null)
            return;
        int axis = c.Axis(c.Node.GetInt("axis", -1), x.Rank);
        c.Set(1, ElementType.Float32, new Shape(x.Select((d, i) => i < axis ? d : Dimension.Of(1))));
    }

    // Ids [N, steps] and a table [words, width]
    private static void EmbedLayerNormalization(ShapeContext c)
    {
        Shape? ids = c.Required(0), words = c.Required(2);
        Shape? shape = ids is { Rank: 2 } && words is { Rank: 2 } ? new Shape(ids[0], ids[1], words[1]) : null;
        c.Set(0, c.TypeOf(2), shape);
        c.Set(1, ElementType.Int32, ids is { Rank: 2 } ? new Shape(ids[0]) : null);
        c.Set(2, c.TypeOf(2), shape);
    }
}
