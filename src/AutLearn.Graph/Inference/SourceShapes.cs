using System.Globalization;

namespace AutLearn.Graph.Inference;

/// <summary>Operators that create values, and those that read shapes.</summary>
internal static class SourceShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "Constant"), Constant);
        rules.Add(("", "ConstantOfShape"), ConstantOfShape);
        rules.Add(("", "Shape"), ShapeOf);
        rules.Add(("", "Size"), c => c.Set(0, ElementType.Int64, Shape.Scalar));
        rules.Add(("", "Range"), Range);
        rules.Add(("", "EyeLike"), c => c.Set(0, Given(c, c.TypeOf(0)), c.Required(0)));
        rules.Add(("", "RandomUniformLike"), c => c.Set(0, Given(c, c.TypeOf(0)), c.Required(0)));
        rules.Add(("", "RandomNormalLike"), c => c.Set(0, Given(c, c.TypeOf(0)), c.Required(0)));
        rules.Add(("", "Bernoulli"), c => c.Set(0, Given(c, c.TypeOf(0)), c.Required(0)));
        rules.Add(("", "RandomUniform"), Random);
        rules.Add(("", "RandomNormal"), Random);
        rules.Add(("", "If"), If);
    }

    private static ElementType Given(ShapeContext c, ElementType fallback) => c.TypeIn("dtype", fallback);

    private static void Constant(ShapeContext c)
    {
        foreach ((string name, AttributeValue value) in c.Node.Attributes)
        {
            TensorType? type = name switch
            {
                "value" when value.Kind == AttributeKind.Tensor => value.Tensor.Type,
                "value_int" => new(ElementType.Int64, Shape.Scalar),
                "value_float" => new(ElementType.Float32, Shape.Scalar),
                "value_string" => new(ElementType.String, Shape.Scalar),
                "value_ints" => new(ElementType.Int64, new Shape(value.Ints.Length)),
                "value_floats" => new(ElementType.Float32, new Shape(value.Floats.Length)),
                "value_strings" => new(ElementType.String, new Shape(value.Strings.Length)),
                _ => null,
            };
            if (type is not null)
                c.Set(0, type.ElementType, type.Shape);
        }
    }

    private static void ConstantOfShape(ShapeContext c)
    {
        ElementType type = c.Node.GetTensor("value")?.ElementType ?? ElementType.Float32;
        Shape? shape = c.Ints(0) is { } sizes ? c.Sizes(sizes, "the target size")
            : c.ShapeOf(0) is { Rank: 1 } rank && rank[0].IsKnown && rank[0].Size <= 64
                ? new Shape(Enumerable.Repeat(Dimension.Unknown, (int)rank[0].Size))
                : null;
        c.Set(0, type, shape);
    }

    private static void ShapeOf(ShapeContext c)
    {
        Dimension length = Dimension.Unknown;
        if (c.Required(0) is { } x)
        {
            (int start, int end) = SymbolicInts.ShapeRange(c.Node, x.Rank);
            length = Math.Max(0, end - start);
        }

        c.Set(0, ElementType.Int64, new Shape(length));
    }

    private static void Range(ShapeContext c)
    {
        Dimension length = Dimension.Unknown;
        for (int i = 0; i < 3; i++)
        {
            if (RealConstant(c, i) is { } real && (!double.IsFinite(real) || (i == 2 && real == 0)))
                throw c.Error($"has {(i == 0 ? "start" : i == 1 ? "limit" : "delta")} {real.ToString(CultureInfo.InvariantCulture)}");
        }

        if (c.Ints(2) is [{ Number: 0 }])
            throw c.Error("has delta 0");
        if (c.Ints(0) is [{ Number: { } start }] && c.Ints(2) is [{ Number: { } step }] && c.Ints(1) is [SymbolicInt limit])
        {
            if (limit.Number is { } end)
                length = c.Size(Int128.Max(0, ((Int128)end - start + step - Math.Sign(step)) / step), "a length of");
            else if (start == 0 && step == 1)
                length = limit.Size;
        }

        c.Set(0, c.TypeOf(0), new Shape(length));
    }

    private static double? RealConstant(ShapeContext c, int input) => c.Node.Input(input) is { IsConstant: true, Initializer: { Count: 1 } tensor }
        ? tensor.ElementType switch
        {
            ElementType.Float32 => tensor.Span<float>()[0],
            ElementType.Float64 => tensor.Span<double>()[0],
            _ => null,
        }
        : null;

    private static void Random(ShapeContext c) =>
        c.Set(0, Given(c, ElementType.Float32), c.Node.GetInts("shape") is { } sizes ? new Shape(sizes.Select(s => c.Size((Int128)s, "the size"))) : null);

    // Only what both branches agree on is known.
    private static void If(ShapeContext c)
    {
        OnnxGraph[] branches = [.. c.Node.Subgraphs()];
        for (int o = 0; o < c.Node.Outputs.Count; o++)
        {
            TensorType?[] types = [.. branches.Select(b => o < b.Outputs.Count ? b.Outputs[o].Type : null)];
            if (types.Length != 2 || types[0] is not { } then || types[1] is not { } otherwise || then.ElementType != otherwise.ElementType)
                continue;
            Shape? shape = then.Shape is { } a && otherwise.Shape is { } b && a.Rank == b.Rank
                ? new Shape(a.Select((d, i) => d.IsSameSizeAs(b[i]) ? d : Dimension.Unknown))
                : null;
            c.Set(o, then.ElementType, shape);
        }
    }
}
