namespace AutLearn.Graph.Inference;

/// <summary>Quantisation, and operators on quantised values; convolutions and pools stand with the others of their kind.</summary>
internal static class QuantizationShapes
{
    private const string Contributed = "com.microsoft";

    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        foreach (string domain in (string[])["", Contributed])
        {
            rules.Add((domain, "QuantizeLinear"), Quantize);
            rules.Add((domain, "DequantizeLinear"), c => c.Set(0, c.TypeIn("output_dtype", c.TypeOf(1)), c.Required(0)));
        }

        rules.Add(("", "DynamicQuantizeLinear"), DynamicQuantize);
        rules.Add(("", "MatMulInteger"), c => c.Set(0, ElementType.Int32, MatrixShapes.MatMul(c, c.Required(0), c.Required(1))));
        rules.Add(("", "QLinearMatMul"), c => c.Set(0, c.TypeOf(7), MatrixShapes.MatMul(c, c.Required(0), c.Required(3))));
        rules.Add((Contributed, "MatMulIntegerToFloat"), c => c.Set(0, c.TypeOf(2), MatrixShapes.MatMul(c, c.Required(0), c.Required(1))));
        rules.Add((Contributed, "DynamicQuantizeMatMul"), c => c.Set(0, c.TypeOf(0), MatrixShapes.MatMul(c, c.Required(0), c.Required(1))));
        rules.Add((Contributed, "MatMulNBits"), MatMulNBits);
        rules.Add((Contributed, "QGemm"), QGemm);
        foreach (string op in (string[])["QLinearAdd", "QLinearMul"])
            rules.Add((Contributed, op), c => c.Set(0, c.TypeOf(0), c.Broadcast(c.Required(0), c.Required(3))));
        rules.Add((Contributed, "QLinearConcat"), QLinearConcat);
    }

    // The zero point tells the type; without one it is UInt8.
    private static void Quantize(ShapeContext c)
    {
        ElementType type = c.Node.GetInt("output_dtype", 0) != 0 ? c.TypeIn("output_dtype", ElementType.UInt8)
            : c.Node.Input(2) is not null ? c.TypeOf(2)
            : ElementType.UInt8;
        c.Set(0, type, c.Required(0));
    }

    private static void DynamicQuantize(ShapeContext c)
    {
        c.Set(0, ElementType.UInt8, c.Required(0));
        c.Set(1, ElementType.Float32, Shape.Scalar);
        c.Set(2, ElementType.UInt8, Shape.Scalar);
    }

    // Weights of [N, K] in blocks of a few bits
    private static void MatMulNBits(ShapeContext c)
    {
        Dimension columns = c.Size(c.Node.GetInt("N", 0), "N");
        c.Set(0, c.TypeOf(0), c.Required(0) is { Rank: > 0 } a ? a.With(a.Rank - 1, columns) : null);
    }

    // Without a scale for the result it is a float.
    private static void QGemm(ShapeContext c)
    {
        Shape? a = c.Required(0), b = c.Required(3);
        bool transA = c.Node.GetInt("transA", 0) != 0, transB = c.Node.GetInt("transB", 0) != 0;
        Shape? shape = a is { Rank: 2 } && b is { Rank: 2 } ? new Shape(a[transA ? 1 : 0], b[transB ? 0 : 1]) : null;
        c.Set(0, c.Node.Input(8) is null ? ElementType.Float32 : c.TypeOf(8), shape);
    }

    // A scale and a zero point, then three inputs for each part
    private static void QLinearConcat(ShapeContext c)
    {
        Shape? shape = c.Required(2);
        if (shape is not null)
        {
            int axis = c.Axis(c.Node.GetInt("axis", 0), shape.Rank);
            for (int i = 5; i < c.Node.Inputs.Count && shape is not null; i += 3)
            {
                if (c.Required(i) is not { } part)
                    shape = null;
                else if (part.Rank != shape.Rank)
                    throw c.Error($"joins {shape} and {part}");
                else
                    shape = shape.With(axis, c.Add(shape[axis], part[axis], "a size of"));
            }
        }

        c.Set(0, c.TypeOf(2), shape);
    }
}
