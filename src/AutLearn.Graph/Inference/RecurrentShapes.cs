namespace AutLearn.Graph.Inference;

/// <summary>Recurrent layers.</summary>
internal static class RecurrentShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "LSTM"), Recurrent);
        rules.Add(("", "GRU"), Recurrent);
        rules.Add(("", "RNN"), Recurrent);
    }

    private static void Recurrent(ShapeContext c)
    {
        Shape? x = c.Required(0);
        if (x is { } given && given.Rank != 3)
            throw c.Error($"needs an input of rank 3, not {given}");
        bool isBatchFirst = c.Node.GetInt("layout", 0) != 0;
        Dimension directions = c.Node.GetString("direction", "forward") == "bidirectional" ? 2 : 1;
        Dimension sequence = x is null ? Dimension.Unknown : x[isBatchFirst ? 1 : 0];
        Dimension batch = x is null ? Dimension.Unknown : x[isBatchFirst ? 0 : 1];
        Dimension hidden = c.Node.Attributes.ContainsKey("hidden_size") ? c.Node.GetInt("hidden_size", 1)
            : c.ShapeOf(2) is { Rank: 3 } r ? r[2] : Dimension.Unknown;
        c.Set(0, c.TypeOf(0), isBatchFirst ? new Shape(batch, sequence, directions, hidden) : new Shape(sequence, directions, batch, hidden));
        Shape state = isBatchFirst ? new Shape(batch, directions, hidden) : new Shape(directions, batch, hidden);
        c.Set(1, c.TypeOf(0), state);
        c.Set(2, c.TypeOf(0), state);
    }
}
