using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>Scales all gradients together so that their norm is at most a limit (Pascanu et al. 2013, arXiv:1211.5063).</summary>
/// <remarks>
/// factor = min(1, limit / (norm + 1e-6)). The squares of finite gradients may be infinite. Only then, so that no usual step pays for it, the
/// norm is computed again from gradients divided by the largest magnitude among them.
/// </remarks>
internal static class GradientClipping
{
    /// <summary>Clips.</summary>
    /// <returns>The clipped gradients, and the norm before: Float32, at most the largest finite number for finite gradients.</returns>
    public static (IReadOnlyDictionary<Value, Value> Gradients, Value Norm) Clip(GraphBuilder builder, IReadOnlyDictionary<Value, Value> gradients, Value[] trainable, double limit)
    {
        Value[] all = [.. trainable.Select(p => gradients[p])];
        Value squares = SumOfSquares(builder, all);
        Constants constants = new(builder.Scalar(squares, limit), builder.Scalar(squares, 1e-6), builder.One(squares), builder.Scalar(squares, float.MaxValue));
        Value[] results = builder.Ops(
            "If",
            2,
            [builder.Greater(squares, constants.Largest)],
            ("then_branch", Branch(builder, "clip_scaled", b => Scaled(b, all, constants))),
            ("else_branch", Branch(builder, "clip_usual", b => Usual(b, squares, constants))));
        (Value norm, Value factor) = (results[0], results[1]);
        return (trainable.ToDictionary(p => p, p => builder.Mul(gradients[p], builder.CastLike(factor, gradients[p]))), norm);
    }

    private static AttributeValue Branch(GraphBuilder outer, string name, Func<GraphBuilder, (Value Norm, Value Factor)> build)
    {
        var builder = new GraphBuilder(new OnnxGraph(name, outer.Graph), outer.Opset) { NameStem = name };
        (Value norm, Value factor) = build(builder);
        builder.Graph.AddOutput(norm);
        builder.Graph.AddOutput(factor);
        return AttributeValue.Of(builder.Graph);
    }

    private static (Value Norm, Value Factor) Usual(GraphBuilder b, Value squares, Constants constants)
    {
        Value norm = b.Sqrt(squares);
        return (norm, b.Op("Min", [b.Div(constants.Limit, b.Add(norm, constants.Epsilon)), constants.One]));
    }

    // With m = max|g|: norm = m sqrt(sum((g / m)^2)), and limit / norm without the norm, which may be above every number.
    private static (Value Norm, Value Factor) Scaled(GraphBuilder b, Value[] gradients, Constants constants)
    {
        Value[] magnitudes = [.. gradients.Select(g => b.Cast(b.Op("ReduceMax", [b.Op("Abs", [g])], ("keepdims", AttributeValue.Of(0L))), ElementType.Float32))];
        Value largest = magnitudes.Length == 1 ? magnitudes[0] : b.Op("Max", magnitudes);
        Value root = b.Sqrt(SumOfSquares(b, [.. gradients.Select(g => b.Div(g, b.CastLike(largest, g)))]));
        Value norm = b.Mul(largest, root);
        return (
            b.Where(b.Greater(norm, constants.Largest), constants.Largest, norm),
            b.Op("Min", [b.Div(b.Div(constants.Limit, largest), root), constants.One]));
    }

    private static Value SumOfSquares(GraphBuilder b, Value[] values)
    {
        Value[] squares = [.. values.Select(v => b.Cast(b.Op("ReduceSumSquare", [v], ("keepdims", AttributeValue.Of(0L))), ElementType.Float32))];
        return squares.Length == 1 ? squares[0] : b.Op("Sum", squares);
    }

    // Of the graph around, so that no name in a branch hides one of them.
    private readonly record struct Constants(Value Limit, Value Epsilon, Value One, Value Largest);
}
