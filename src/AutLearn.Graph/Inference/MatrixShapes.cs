namespace AutLearn.Graph.Inference;

/// <summary>Matrix products.</summary>
internal static class MatrixShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Gemm"), Gemm);
        rules.Add(("com.microsoft", "FusedGemm"), Gemm);
        rules.Add(("", "MatMul"), c => c.Set(0, c.TypeOf(0), MatMul(c, c.Required(0), c.Required(1))));
        rules.Add(("", "Einsum"), Einsum);
        rules.Add(("com.microsoft", "FusedMatMul"), FusedMatMul);
    }

    private static void Gemm(ShapeContext c)
    {
        Shape? a = c.Required(0);
        Shape? b = c.Required(1);
        if (a is null || b is null)
        {
            c.Set(0, c.TypeOf(0), new Shape(Dimension.Unknown, Dimension.Unknown));
            return;
        }

        if (a.Rank != 2 || b.Rank != 2)
            throw c.Error($"needs matrices, not {a} and {b}");
        bool transA = c.Node.GetInt("transA", 0) != 0;
        bool transB = c.Node.GetInt("transB", 0) != 0;
        c.Unify(a[transA ? 0 : 1], b[transB ? 1 : 0], $"inner dimensions of {a} and {b}");
        var shape = new Shape(a[transA ? 1 : 0], b[transB ? 0 : 1]);
        if (c.ShapeOf(2) is { } bias)
        {
            Shape broadcast = c.Broadcast(bias, shape)!;
            if (broadcast.Rank > 2 || broadcast.Where((d, i) => d.IsKnown && shape[i].IsKnown && d != shape[i]).Any())
                throw c.Error($"cannot broadcast {bias} to {shape}");
        }

        c.Set(0, c.TypeOf(0), shape);
    }

    /// <summary>Multiplies matrices over broadcast leading axes.</summary>
    public static Shape? MatMul(ShapeContext c, Shape? a, Shape? b)
    {
        if (a is null || b is null)
            return null;
        if (a.Rank == 0 || b.Rank == 0)
            throw c.Error("cannot multiply a scalar");
        c.Unify(a[a.Rank - 1], b[b.Rank == 1 ? 0 : b.Rank - 2], $"inner dimensions of {a} and {b}");
        Shape batch = c.Broadcast(new Shape(a.Take(Math.Max(0, a.Rank - 2))), new Shape(b.Take(Math.Max(0, b.Rank - 2))))!;
        var dimensions = batch.ToList();
        if (a.Rank > 1)
            dimensions.Add(a[a.Rank - 2]);
        if (b.Rank > 1)
            dimensions.Add(b[b.Rank - 1]);
        return new Shape(dimensions);
    }

    private static void FusedMatMul(ShapeContext c)
    {
        Shape? a = Transposed(BatchFirst(c.Required(0), c.Node.GetInt("transBatchA", 0) != 0), c.Node.GetInt("transA", 0) != 0);
        Shape? b = Transposed(BatchFirst(c.Required(1), c.Node.GetInt("transBatchB", 0) != 0), c.Node.GetInt("transB", 0) != 0);
        c.Set(0, c.TypeOf(0), MatMul(c, a, b));
    }

    // The batch stood behind the first axis of the matrix.
    private static Shape? BatchFirst(Shape? shape, bool isBehind) =>
        isBehind && shape is { Rank: > 2 } ? new Shape([.. shape.Skip(1).Take(shape.Rank - 2), shape[0], shape[shape.Rank - 1]]) : shape;

    private static Shape? Transposed(Shape? shape, bool isTransposed) =>
        isTransposed && shape is { Rank: >= 2 }
            ? shape.With(shape.Rank - 1, shape[shape.Rank - 2]).With(shape.Rank - 2, shape[shape.Rank - 1])
            : shape;

    private static void Einsum(ShapeContext c)
    {
        string equation = c.Node.GetString("equation", "").Replace(" ", "", StringComparison.Ordinal);
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        if (terms.Length != c.Node.Inputs.Count)
            throw c.Error($"has {c.Node.Inputs.Count} inputs and an equation of {terms.Length} terms");
        if (equation.Contains('.', StringComparison.Ordinal))
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        var sizes = new SortedDictionary<char, Dimension>();
        for (int i = 0; i < terms.Length; i++)
        {
            if (c.Required(i) is not { } shape)
            {
                c.Set(0, c.TypeOf(0), null);
                return;
            }

            if (shape.Rank != terms[i].Length)
                throw c.Error($"has the term '{terms[i]}' for an input of shape {shape}");
            for (int d = 0; d < shape.Rank; d++)
                sizes[terms[i][d]] = sizes.TryGetValue(terms[i][d], out Dimension known) && !known.Is(1) ? c.Unify(known, shape[d].Is(1) ? known : shape[d], $"sizes of '{terms[i][d]}'") : shape[d];
        }

        string output = sides.Length > 1 ? sides[1] : string.Concat(sides[0].CountBy(l => l).Where(l => l.Value == 1 && l.Key != ',').Select(l => l.Key).Order());
        if (output.Distinct().Count() != output.Length)
            throw c.Error($"has an output term '{output}' with one letter twice");
        if (output.Any(l => !sizes.ContainsKey(l)))
            throw c.Error($"has an output term '{output}' that no input defines");
        c.Set(0, c.TypeOf(0), new Shape(output.Select(l => sizes[l])));
    }
}
