namespace AutLearn.Graph.Inference;

/// <summary>Gathers, scatters and one-hot.</summary>
internal static class IndexingShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Gather"), Gather);
        rules.Add(("", "GatherElements"), GatherElements);
        rules.Add(("", "GatherND"), GatherND);
        rules.Add(("", "Compress"), Compress);
        foreach (string op in (string[])["Scatter", "ScatterElements", "ScatterND", "TensorScatter"])
            rules.Add(("", op), c => c.Set(0, c.TypeOf(0), c.Required(0)));
        rules.Add(("", "OneHot"), OneHot);
        rules.Add(("", "NonMaxSuppression"), c => c.Set(0, ElementType.Int64, new Shape(Dimension.Unknown, 3)));
        rules.Add(("", "NonZero"), c => c.Set(0, ElementType.Int64, c.Required(0) is { } x ? new Shape(x.Rank, Dimension.Unknown) : null));
    }

    private static void Gather(ShapeContext c)
    {
        if (c.Required(0) is not { } data || c.Required(1) is not { } indices)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        int axis = c.Axis(c.Node.GetInt("axis", 0), data.Rank);
        if (data[axis].IsKnown && c.Ints(1)?.FirstOrDefault(i => i.Number < -data[axis].Size || i.Number >= data[axis].Size) is { Number: { } wrong })
            throw c.Error($"has index {wrong} for axis {axis} of {data}");
        c.Set(0, c.TypeOf(0), new Shape([.. data.Take(axis), .. indices, .. data.Skip(axis + 1)]));
    }

    private static void GatherElements(ShapeContext c)
    {
        Shape? indices = c.Required(1);
        if (c.Required(0) is { } data)
        {
            c.Axis(c.Node.GetInt("axis", 0), data.Rank);
            if (indices is not null && indices.Rank != data.Rank)
                throw c.Error($"has indices of shape {indices} for {data}");
        }

        c.Set(0, c.TypeOf(0), indices);
    }

    private static void GatherND(ShapeContext c)
    {
        if (c.Required(0) is not { } data || c.Required(1) is not { Rank: > 0 } indices || !indices[indices.Rank - 1].IsKnown)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        long batch = c.Node.GetInt("batch_dims", 0);
        if (batch < 0 || batch >= Math.Min(data.Rank, indices.Rank))
            throw c.Error($"has batch_dims {batch} for {data} and indices {indices}");
        long consumed = batch + indices[indices.Rank - 1].Size;
        if (consumed == batch || consumed > data.Rank)
            throw c.Error($"indexes {consumed} axes of {data}");
        c.Set(0, c.TypeOf(0), new Shape([.. indices.Take(indices.Rank - 1), .. data.Skip((int)consumed)]));
    }

    private static void OneHot(ShapeContext c)
    {
        if (c.Required(0) is not { } indices)
        {
            c.Set(0, c.TypeOf(2), null);
            return;
        }

        int axis = c.Axis(c.Node.GetInt("axis", -1), indices.Rank + 1);
        Dimension depth = c.Ints(1) is [SymbolicInt given] ? c.Size(given, "depth") : Dimension.Unknown;
        if (depth.Is(0))
            throw c.Error("has depth 0");
        c.Set(0, c.TypeOf(2), new Shape([.. indices.Take(axis), depth, .. indices.Skip(axis)]));
    }

    private static void Compress(ShapeContext c)
    {
        if (!c.Node.Attributes.ContainsKey("axis"))
        {
            c.Set(0, c.TypeOf(0), new Shape(Dimension.Unknown));
            return;
        }

        Shape? x = c.Required(0);
        c.Set(0, c.TypeOf(0), x?.With(c.Axis(c.Node.GetInt("axis", 0), x.Rank), Dimension.Unknown));
    }
}
