using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>A part of a table's gradient: zero but for the rows that one Gather took.</summary>
/// <param name="Rows">The rows, of any shape.</param>
/// <param name="Slices">The gradient at each of them: of the rows' shape, followed by the table's but for its first dimension.</param>
/// <param name="Positions">The rows as ScatterElements takes them.</param>
/// <param name="Updates">The slices as ScatterElements takes them.</param>
internal sealed record TableGradient(Value Rows, Value Slices, Value Positions, Value Updates)
{
    /// <summary>Reads a gradient as a sum of such parts.</summary>
    /// <returns>Null where any summand is dense.</returns>
    public static IReadOnlyList<TableGradient>? PartsOf(Value gradient, Value table)
    {
        var parts = new List<TableGradient>();
        var open = new Stack<Value>([gradient]);
        while (open.TryPop(out Value? value))
        {
            if (value.Producer is not { } node)
                return null;
            if (node.Is("Add") || node.Is("Sum"))
            {
                foreach (Value? summand in node.Inputs.Reverse())
                    open.Push(summand!);
            }
            else if (PartOf(node, table) is { } part)
            {
                parts.Add(part);
            }
            else
            {
                return null;
            }
        }

        return parts;
    }

    /// <summary>Tells which rows any part touches: Bool, of the table's rank, one number a row.</summary>
    public static Value Touched(GraphBuilder builder, IReadOnlyList<TableGradient> parts, Value table)
    {
        long[] flat = [table.Shape![0].Size, .. Enumerable.Repeat(1L, table.Shape.Rank - 1)];
        Value marks = builder.Constant(Tensor.Of<float>(flat, new float[flat[0]]));
        foreach (TableGradient part in parts)
        {
            Value rows = builder.Reshape(part.Rows, [-1L, .. flat[1..]]);
            marks = builder.Op("ScatterElements", [marks, rows, builder.Expand(builder.One(marks), builder.ShapeOf(rows))], ("axis", AttributeValue.Of(0L)));
        }

        return builder.Greater(marks, builder.Zero(marks));
    }

    // The rule of Gather: ScatterElements(0, Expand(Reshape(rows)), Reshape(slices)), added at axis 0.
    private static TableGradient? PartOf(Node scatter, Value table)
    {
        if (!scatter.Is("ScatterElements") || scatter.GetInt("axis", 0) != 0 || scatter.GetString("reduction", "none") != "add" || !IsZero(scatter.Inputs[0]!)
            || scatter.Inputs[1]!.Producer is not { } expand || !expand.Is("Expand"))
            return null;
        Value updates = scatter.Inputs[2]!;
        foreach (Value rows in ThroughReshapes(expand.Inputs[0]!))
        {
            foreach (Value slices in ThroughReshapes(updates))
            {
                if (rows.Shape is { } shape && slices.Shape is { } whole && whole.SequenceEqual(shape.Concat(table.Shape!.Skip(1))))
                    return new(rows, slices, scatter.Inputs[1]!, updates);
            }
        }

        return null;
    }

    private static IEnumerable<Value> ThroughReshapes(Value value)
    {
        yield return value;
        while (value.Producer is { } node && (node.Is("Reshape") || node.Is("Unsqueeze")))
            yield return value = node.Inputs[0]!;
    }

    private static bool IsZero(Value value) => value switch
    {
        { Initializer: { } constant } => !constant.Bytes.Span.ContainsAnyExcept((byte)0),
        { Producer: { } fill } when fill.Is("ConstantOfShape") => fill.GetTensor("value")?.Bytes.Span.ContainsAnyExcept((byte)0) != true,
        { Producer: { } expand } when expand.Is("Expand") => IsZero(expand.Inputs[0]!),
        _ => false,
    };
}
