namespace AutLearn.Graph.Inference;

/// <summary>Reductions, arg-reductions and losses.</summary>
internal static class ReductionShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        foreach (string op in (string[])["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"])
            rules.Add(("", op), Reduce);
        rules.Add(("", "ArgMax"), ArgReduce);
        rules.Add(("", "ArgMin"), ArgReduce);
        rules.Add(("", "TopK"), TopK);
        rules.Add(("", "SoftmaxCrossEntropyLoss"), CrossEntropy);
        rules.Add(("", "NegativeLogLikelihoodLoss"), CrossEntropy);
    }

    private static void Reduce(ShapeContext c)
    {
        bool keeps = c.Node.GetInt("keepdims", 1) != 0;
        Shape? shape = c.Required(0);
        bool isGiven = c.Has(1, "axes");
        long[]? axes = isGiven ? c.Numbers(1, "axes") : [];
        if (axes is { Length: 0 })
        {
            if (c.Node.GetInt("noop_with_empty_axes", 0) != 0)
            {
                c.Set(0, c.TypeOf(0), shape);
                return;
            }

            axes = shape is null ? null : [.. Enumerable.Range(0, shape.Rank).Select(i => (long)i)];
            if (!keeps)
            {
                c.Set(0, c.TypeOf(0), Shape.Scalar);
                return;
            }
        }

        if (shape is null)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        if (axes is null)
        {
            // Which axes go is known only at run time; with keepdims the rank still is.
            Shape? open = keeps ? new Shape(Enumerable.Repeat(Dimension.Unknown, shape.Rank)) : null;
            c.Set(0, c.TypeOf(0), open);
            return;
        }

        var reduced = axes.Select(a => c.Axis(a, Math.Max(shape.Rank, 1))).ToHashSet();
        c.Set(0, c.TypeOf(0), keeps
            ? new Shape(shape.Select((d, i) => reduced.Contains(i) ? Dimension.Of(1) : d))
            : new Shape(shape.Where((_, i) => !reduced.Contains(i))));
    }

    private static void ArgReduce(ShapeContext c)
    {
        if (c.Required(0) is not { } shape)
        {
            c.Set(0, ElementType.Int64, null);
            return;
        }

        int axis = c.Axis(c.Node.GetInt("axis", 0), shape.Rank);
        c.Set(0, ElementType.Int64, c.Node.GetInt("keepdims", 1) != 0 ? shape.With(axis, 1) : new Shape(shape.Where((_, i) => i != axis)));
    }

    private static void TopK(ShapeContext c)
    {
        Shape? shape = c.Required(0);
        if (shape is not null)
        {
            int axis = c.Axis(c.Node.GetInt("axis", -1), shape.Rank);
            Dimension k = c.Node.Attributes.ContainsKey("k") ? c.Size((Int128)c.Node.GetInt("k", 0), "k")
                : c.Ints(1) is [SymbolicInt given] ? c.Size(given, "k") : Dimension.Unknown;
            if (k.IsKnown && shape[axis].IsKnown && k.Size > shape[axis].Size)
                throw c.Error($"has k {k}, more than axis {axis} of {shape} holds");
            shape = shape.With(axis, k);
        }

        c.Set(0, c.TypeOf(0), shape);
        c.Set(1, ElementType.Int64, shape);
    }

    private static void CrossEntropy(ShapeContext c)
    {
        Shape? loss = c.Node.GetString("reduction", "mean") == "none" ? c.Required(1) : Shape.Scalar;
        c.Set(0, c.TypeOf(0), loss);
        c.Set(1, c.TypeOf(0), c.Required(0));
    }
}
