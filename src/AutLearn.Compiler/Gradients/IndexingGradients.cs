using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of operators that gather and scatter by indices. Indices themselves carry no gradient.</summary>
/// <remarks>
/// Where an index may occur twice the adjoint adds with ScatterElements, never with ScatterND: ONNX Runtime splits ScatterND
/// over threads that then race on equal indices (its issue 23396).
/// </remarks>
internal static class IndexingGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Gather", sinceOpset: 1, Gather);
        rules.Add("GatherElements", sinceOpset: 11, GatherElements);
        rules.Add("GatherND", sinceOpset: 12, GatherND);
        rules.Add("Compress", sinceOpset: 9, Compress);
        rules.Add("MaxUnpool", sinceOpset: 11, MaxUnpool);
        rules.Add("Col2Im", sinceOpset: 18, Col2Im);
        rules.Add("TensorScatter", sinceOpset: 24, TensorScatter);
        rules.Add("TopK", sinceOpset: 10, TopK);
    }

    // y = x[..., indices, ...]  =>  dx[..., indices, ...] += dy
    private static Value?[] Gather(GradientContext g)
    {
        Value x = g.Input(0), indices = g.Input(1), dy = g.OutputGradient(0);
        int rank = g.RankOf(x);
        int axis = g.AxisOf(g.Node.GetInt("axis", 0), rank);
        if (indices.Shape?.ElementCount() == 1 && indices.ConstantInts() is [long index] && x.Shape![axis].IsKnown)
            return [OneIndex(g, axis, index), null];

        // All index axes become one, at the gathered axis; then indices and dy are broadcast to the same shape.
        Value flat = dy;
        if (indices.Shape?.Rank != 1)
        {
            Value[] sizes = [.. Enumerable.Range(0, rank).Select(a => a == axis ? g.Ints(-1) : g.Builder.SizeOf(x, a))];
            flat = g.Builder.Reshape(dy, JoinSizes(g, sizes));
        }

        long[] aligned = [.. Enumerable.Range(0, rank).Select(a => a == axis ? -1L : 1L)];
        Value positions = g.Builder.Expand(g.Reshape(indices, aligned), g.ShapeOf(flat));
        return [ScatterAdd(g, g.ZerosLike(x), positions, flat, axis), null];
    }

    // One constant index: dy stands between zeros.
    private static Value OneIndex(GradientContext g, int axis, long index)
    {
        Value x = g.Input(0);
        long size = x.Shape![axis].Size;
        long before = index < 0 ? index + size : index;
        Value slice = g.OutputGradient(0);
        if (g.Input(1).Shape!.Rank != 1)
        {
            Value[] sizes = [.. Enumerable.Range(0, x.Shape.Rank).Select(a => a == axis ? g.Ints(1) : g.Builder.SizeOf(x, a))];
            slice = g.Builder.Reshape(slice, JoinSizes(g, sizes));
        }

        Value dx = g.Op("Pad", [slice, g.Ints(before, size - 1 - before), null, g.Ints(axis)]);
        dx.Type = x.Type;
        return dx;
    }

    private static Value JoinSizes(GradientContext g, Value[] sizes) => Array.TrueForAll(sizes, s => s.IsConstant)
        ? g.Ints([.. sizes.Select(s => s.Initializer!.Span<long>()[0])])
        : g.Builder.Concat(0, sizes);

    // y[i] = x[indices[i] on the axis]  =>  dx[indices[i]] += dy[i]
    private static Value?[] GatherElements(GradientContext g)
    {
        Value x = g.Input(0);
        int axis = g.AxisOf(g.Node.GetInt("axis", 0), g.RankOf(x));
        return [ScatterAdd(g, g.ZerosLike(x), g.Input(1), g.OutputGradient(0), axis), null];
    }

    // y = x[indices]  =>  dx[indices] += dy. A map of positions in x, gathered like x, says where each dy goes.
    private static Value?[] GatherND(GradientContext g)
    {
        Value map = g.Op("GatherND", [g.PositionsIn(g.Input(0)), g.Input(1)], ("batch_dims", AttributeValue.Of(g.Node.GetInt("batch_dims", 0))));
        return [g.ScatterByPosition(map, g.OutputGradient(0), g.Input(0)), null];
    }

    // y = the slices of x that are kept  =>  dx there = dy. A map of positions in x, compressed like x, says where each dy goes.
    private static Value?[] Compress(GradientContext g)
    {
        Value x = g.Input(0);
        Value map = g.Node.Attributes.ContainsKey("axis")
            ? g.Op("Compress", [g.PositionsIn(x), g.Input(1)], ("axis", AttributeValue.Of(g.Node.GetInt("axis", 0))))
            : g.Op("Compress", [g.PositionsIn(x), g.Input(1)]);
        return [g.ScatterByPosition(map, g.OutputGradient(0), x), null];
    }

    // y = 0 but for y[indices] = x, by position in memory  =>  dx = dy[indices]
    private static Value?[] MaxUnpool(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        result[0] = g.ReshapeLike(g.Op("Gather", [g.Reshape(g.OutputGradient(0), -1), g.Reshape(g.Input(1), -1)]), g.Input(0));
        return result;
    }

    // Each column of a block is added to the elements under it  =>  dx = dy there, 0 for what lies in the padding
    private static Value?[] Col2Im(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        if (g.Input(1).ConstantInts() is not { } image || g.Input(2).ConstantInts() is not { } block || image.Length != block.Length)
            throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (Col2Im of sizes that are computed)"]);
        SlidingWindow window = SlidingWindow.Unpadded(g.Node, block);
        if (g.Node.GetInts("pads") is { } pads && pads.Length == 2 * block.Length)
            window = window with { Before = [.. pads[..block.Length]], After = [.. pads[block.Length..]] };
        long[] places = window.PlacesUnder(image, count => g.Spend(0, count * sizeof(long)));
        long outside = image.Aggregate(1L, (a, b) => checked(a * b));

        // One element more, which is 0, stands for the padding.
        Value flat = g.Reshape(dy, 0, 0, -1);
        Value padded = g.Op("Pad", [flat, g.Ints(0, 1), null, g.Ints(2)]);
        Value read = g.Op("Gather", [padded, g.Ints([.. places.Select(p => p < 0 ? outside : p)])], ("axis", AttributeValue.Of(2L)));
        return [g.ReshapeLike(read, x), null, null];
    }

    // y = x with whole slices of u written over it  =>  dx = dy elsewhere, du = dy there. A map of positions in u, written over -1 like u,
    // says where each dy comes from.
    private static Value?[] TensorScatter(GradientContext g)
    {
        Value x = g.Input(0), u = g.Input(1), dy = g.OutputGradient(0);
        Value none = g.Builder.Expand(g.Int(-1), g.ShapeOf(x));
        (string, AttributeValue)[] attributes = [.. g.Node.Attributes.Select(a => (a.Key, a.Value))];
        Value map = g.Op("TensorScatter", [none, g.PositionsIn(u), g.OptionalInput(2)], attributes);
        Value isKept = g.Builder.Less(map, g.Int(0));
        Value? dx = g.NeedsGradient(0) ? g.Where(isKept, dy, g.Zero(dy)) : null;
        Value? du = null;
        if (g.NeedsGradient(1))
            du = g.ScatterByPosition(g.Op("Max", [map, g.Int(0)]), g.Where(isKept, g.Zero(dy), dy), u);
        return g.InputCount > 2 ? [dx, du, null] : [dx, du];
    }

    // y = x[indices], the indices being distinct  =>  dx[indices] = dy
    private static Value?[] TopK(GradientContext g)
    {
        if (g.OptionalOutputGradient(0) is not { } dy)
            return new Value?[g.InputCount];
        Value x = g.Input(0);
        Value indices = g.RequireOutput(1, g.Output(0).Type is { } type ? type with { ElementType = ElementType.Int64 } : null);
        Value dx = g.Op("ScatterElements", [g.ZerosLike(x), indices, dy], ("axis", AttributeValue.Of(g.Node.GetInt("axis", -1))));
        dx.Type = x.Type;
        return [dx, null];
    }

    private static Value ScatterAdd(GradientContext g, Value data, Value indices, Value updates, int axis)
    {
        Value sum = g.Op("ScatterElements", [g.Builder.Widened(data), indices, g.Builder.Widened(updates)], ("axis", AttributeValue.Of((long)axis)), ("reduction", AttributeValue.Of("add")));
        sum.Type = new TensorType(sum.ElementType, data.Shape);
        return g.Builder.CastLike(sum, data);
    }
}
