using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Pieces that several gradient rules are made of.</summary>
internal static class GradientContextExtensions
{
    /// <summary>Counts an axis from the front.</summary>
    public static int AxisOf(this GradientContext g, long axis, int rank)
    {
        long fromFront = axis < 0 ? axis + rank : axis;
        return fromFront >= 0 && fromFront < Math.Max(1, rank)
            ? (int)fromFront
            : throw new InvalidModelException($"Axis {axis} of node '{g.Node.DisplayName}' ({g.Node.OpType}) lies outside its input of rank {rank}.") { NodeName = g.Node.DisplayName };
    }

    /// <summary>
    /// Gets a forward value with 0 for whatever is not finite in it. A finite loss does not depend on such elements: a fully masked row,
    /// a quotient by 0 that is not chosen. Their gradient is 0, and sums over products with it need factors that are finite.
    /// </summary>
    /// <param name="g">The context.</param>
    /// <param name="value">The forward value, or what the rule computed from it.</param>
    /// <param name="of">The forward value that tells whether there are such elements; the value itself if null.</param>
    public static Value Finite(this GradientContext g, Value value, Value? of = null)
    {
        if (g.Ranges.Of(of ?? value).IsFinite)
            return value;
        Value isFinite = g.Builder.Less(g.Op("Abs", [value]), g.Scalar(value, double.PositiveInfinity));
        Value finite = g.Where(isFinite, value, g.Zero(value));
        finite.Type = value.Type;
        return finite;
    }

    /// <summary>Gets an Int64 scalar constant.</summary>
    public static Value Int(this GradientContext g, long value) => g.Builder.Int(value);

    /// <summary>Gets the elements of an integer constant, or null where the value is computed or fed.</summary>
    public static long[]? ConstantInts(this Value? value) => value is { IsConstant: true, Initializer: { } tensor }
        ? tensor.ElementType switch
        {
            ElementType.Int64 => tensor.Span<long>().ToArray(),
            ElementType.Int32 => Array.ConvertAll(tensor.Span<int>().ToArray(), v => (long)v),
            _ => null,
        }
        : null;

    /// <summary>Joins 1-D Int64 values into one; a constant where all are.</summary>
    public static Value JoinSizes(this GradientContext g, params ReadOnlySpan<Value?> sizes)
    {
        var joined = new List<long>();
        foreach (Value? size in sizes)
        {
            if (size!.ConstantInts() is not { } known)
                return g.Builder.Concat(0, sizes);
            joined.AddRange(known);
        }

        return g.Ints([.. joined]);
    }

    /// <summary>Gets the sizes from axis 2 on as a 1-D Int64 value.</summary>
    public static Value SpatialSizes(this GradientContext g, Value x) =>
        x.Shape is { } shape && shape.Skip(2).All(d => d.IsKnown)
            ? g.Ints([.. shape.Skip(2).Select(d => d.Size)])
            : g.Op("Shape", [x], ("start", AttributeValue.Of(2L)));

    /// <summary>Zeros of a value's type and shape.</summary>
    public static Value ZerosLike(this GradientContext g, Value like)
    {
        Tensor zero = GraphBuilder.ScalarTensor(like.ElementType, 0);
        Value zeros = g.Op("ConstantOfShape", [g.ShapeOf(like)], ("value", AttributeValue.Of(new Tensor(zero.ElementType, [1], zero.Bytes))));
        zeros.Type = like.Type;
        return zeros;
    }

    /// <summary>Int64 of a value's shape that counts its elements: 0, 1, 2, ...</summary>
    public static Value PositionsIn(this GradientContext g, Value value)
    {
        Value count = value.Shape?.ElementCount() is { } known ? g.Int(known) : g.Op("Size", [value]);
        Value positions = g.ReshapeLike(g.Op("Range", [g.Int(0), count, g.Int(1)]), value);
        positions.Type = new TensorType(ElementType.Int64, value.Shape);
        return positions;
    }

    /// <summary>Zeros of the shape of <paramref name="like"/>, to which each update is added at its flat position.</summary>
    public static Value ScatterByPosition(this GradientContext g, Value positions, Value updates, Value like)
    {
        // ONNX Runtime adds no half precision here, and sums of many would lose their last digits.
        ElementType type = updates.ElementType;
        updates = g.Builder.Widened(updates);
        Value count = like.Shape?.ElementCount() is { } known ? g.Ints(known) : g.Reshape(g.Op("Size", [like]), 1);
        Tensor zero = GraphBuilder.ScalarTensor(updates.ElementType, 0);
        Value zeros = g.Op("ConstantOfShape", [count], ("value", AttributeValue.Of(new Tensor(zero.ElementType, [1], zero.Bytes))));
        Value sum = g.Op("ScatterElements", [zeros, g.Reshape(positions, -1), g.Reshape(updates, -1)], ("axis", AttributeValue.Of(0L)), ("reduction", AttributeValue.Of("add")));
        return g.ReshapeLike(g.Builder.Cast(sum, type), like);
    }
}
