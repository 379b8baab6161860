namespace AutLearn.Graph.Inference;

/// <summary>Recurrent layers and loops over sequences.</summary>
internal static class RecurrentShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "LSTM"), Recurrent);
        rules.Add(("", "GRU"), Recurrent);
        rules.Add(("", "RNN"), Recurrent);
        rules.Add(("", "Scan"), Scan);
    }

    // States keep the type they start with; each other output of the body is stacked along one more axis.
    private static void Scan(ShapeContext c)
    {
        long count = c.Node.GetInt("num_scan_inputs", 0);
        if (c.Opset < 9)
            return;
        if (count < 1 || count > c.Node.Inputs.Count)
            throw c.Error($"has num_scan_inputs {count} and {c.Node.Inputs.Count} inputs");
        if (c.Node.Subgraphs().ToArray() is not [OnnxGraph body])
            throw c.Error("needs one body");
        int sequences = (int)count;
        int states = c.Node.Inputs.Count - sequences;
        if ( body.Outputs.Count != c.Node.Outputs.Count || body.Outputs.Count < states)
            return;
        Dimension steps = Dimension.Unknown;
        for (int i = 0; i < sequences; i++)
        {
            if (c.Required(states + i) is { } shape)
                steps = c.Unify(steps, shape[c.Axis(At(c, "scan_input_axes", i), shape.Rank)], "lengths of the sequences");
        }

        for (int o = 0; o < c.Node.Outputs.Count; o++)
        {
            Value inner = body.Outputs[o];
            if (o < states)
            {
                c.Set(o, c.TypeOf(o), c.ShapeOf(o));
            }
            else if (inner.Shape is { } slice)
            {
                var dimensions = slice.ToList();
                dimensions.Insert(c.Axis(At(c, "scan_output_axes", o - states), slice.Rank + 1), steps);
                c.Set(o, inner.ElementType, new Shape(dimensions));
            }
            else
            {
                c.Set(o, inner.ElementType, null);
            }
        }
    }

    private static long At(ShapeContext c, string attribute, int index) =>
        c.Node.GetInts(attribute) is { } axes && index < axes.Length ? axes[index] : 0;

    private static void Expect(ShapeContext c, int input, params ReadOnlySpan<Dimension> wanted)
    {
        if (c.ShapeOf(input) is not { } shape)
            return;
        if (shape.Rank != wanted.Length)
            throw c.Error($"needs input {input} of rank {wanted.Length}, not {shape}");
        for (int i = 0; i < wanted.Length; i++)
            c.Unify(shape[i], wanted[i], $"sizes of axis {i} of input {input}");
    }

    private static void Recurrent(ShapeContext c)
    {
        Shape? x = c.Required(0);
        if (x is { } given && given.Rank != 3)
            throw c.Error($"needs an input of rank 3, not {given}");
        bool isBatchFirst = c.Node.GetInt("layout", 0) != 0;
        Dimension directions = c.Node.GetString("direction", "forward") switch
        {
            "bidirectional" => 2,
            "forward" or "reverse" => 1,
            string other => throw c.Error($"has direction '{other}'"),
        };
        Dimension sequence = x is null ? Dimension.Unknown : x[isBatchFirst ? 1 : 0];
        Dimension batch = x is null ? Dimension.Unknown : x[isBatchFirst ? 0 : 1];
        Dimension hidden = c.Node.Attributes.ContainsKey("hidden_size") ? c.Size((Int128)c.Node.GetInt("hidden_size", 0), "hidden_size")
            : c.ShapeOf(2) is { Rank: 3 } r ? r[2] : Dimension.Unknown;
        if (hidden.Is(0))
            throw c.Error("has hidden_size 0");
        long gates = c.Node.OpType switch { "LSTM" => 4, "GRU" => 3, _ => 1 };
        Dimension rows = SymbolicSize.Multiply(hidden, gates);
        Expect(c, 1, directions, rows, x is null ? Dimension.Unknown : x[2]);
        Expect(c, 2, directions, rows, hidden);
        Expect(c, 3, directions, SymbolicSize.Multiply(rows, 2));
        Expect(c, 4, batch);
        Expect(c, 5, isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]);
        if (c.Node.OpType == "LSTM")
        {
            Expect(c, 6, isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]);
            Expect(c, 7, directions, SymbolicSize.Multiply(hidden, 3));
        }

        c.Set(0, c.TypeOf(0), isBatchFirst ? new Shape(batch, sequence, directions, hidden) : new Shape(sequence, directions, batch, hidden));
        Shape state = isBatchFirst ? new Shape(batch, directions, hidden) : new Shape(directions, batch, hidden);
        c.Set(1, c.TypeOf(0), state);
        c.Set(2, c.TypeOf(0), state);
    }
}
