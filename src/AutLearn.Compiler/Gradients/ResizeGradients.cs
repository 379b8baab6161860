using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of resampling.</summary>
/// <remarks>
/// Resampling applies one matrix M_a [out, in] along each resized axis a; the gradient applies their transposes.
/// Coordinates are computed in Float32 as ONNX Runtime does, so that both round to the same neighbours.
/// </remarks>
internal static class ResizeGradients
{
    // A matrix of this many elements takes 16 MB of the model.
    private const long LargestMatrix = 1 << 22;

    public static void Register(GradientRegistry rules)
    {
        rules.Add("Resize", sinceOpset: 11, Resize);
    }

    // y = M_1 ... M_k x  =>  dx = M_1^T ... M_k^T dy
    private static Value?[] Resize(GradientContext g)
    {
        Value x = g.Input(0), dx = g.OutputGradient(0);
        int rank = g.RankOf(x);
        float[]? scales = ConstantScales(g, rank);
        bool isPlain = IsPlain(g);
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            if (!isPlain)
                dx = ConstantWeights(g, axis, rank, scales) is { } weights ? Apply(g, dx, weights, axis, rank) : dx;
            else if (!(scales is not null ? scales[axis] == 1 : x.Shape![axis].IsSameSizeAs(g.Output(0).Shape is { } y ? y[axis] : Dimension.Unknown)))
                dx = scales is not null && Repeats(g, scales[axis]) ? SumRepeats(g, dx, axis, (long)scales[axis], rank) : Apply(g, dx, Weights(g, axis, scales?[axis], rank), axis, rank);
        }

        var result = new Value?[g.InputCount];
        result[0] = dx;
        return result;
    }

    // Plain modes are written as arithmetic of the graph, for sizes that are not known.
    private static bool IsPlain(GradientContext g) =>
        g.Node.GetString("mode", "nearest") is var mode and ("nearest" or "linear")
        && g.Node.GetString("coordinate_transformation_mode", "half_pixel") is "half_pixel" or "pytorch_half_pixel" or "align_corners" or "asymmetric"
        && g.Node.GetString("keep_aspect_ratio_policy", "stretch") == "stretch"
        && (g.Node.GetInt("antialias", 0) == 0 || mode == "nearest");

    // M, or null where the axis stays as it is
    private static Value? ConstantWeights(GradientContext g, int axis, int rank, float[]? scales)
    {
        Value x = g.Input(0);
        Dimension before = x.Shape![axis], after = g.Output(0).Shape is { } y ? y[axis] : Dimension.Unknown;
        int index = axis;
        if (g.Node.GetInts("axes") is { } axes)
            index = axes.Select(a => g.AxisOf(a, rank)).ToImmutableArray().IndexOf(axis);
        bool isCropped = g.Node.GetString("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
        if (index < 0 || (!isCropped && (scales is not null ? scales[axis] == 1 : before.IsSameSizeAs(after))))
            return null;
        (float, float) region = (0, 1);
        if (isCropped)
        {
            int count = g.Node.GetInts("axes")?.Length ?? rank;
            if (g.OptionalInput(1) is not { IsConstant: true, Initializer: { ElementType: ElementType.Float32 } roi } || roi.Count != 2 * count)
                throw Refused(g, "a region that is computed");
            region = (roi.Span<float>()[index], roi.Span<float>()[count + index]);
            if (region is (0, 1) && before.IsSameSizeAs(after))
                return null;
        }

        if (!before.IsKnown || !after.IsKnown)
            throw Refused(g, $"mode '{g.Node.GetString("mode", "nearest")}', coordinates '{g.Node.GetString("coordinate_transformation_mode", "half_pixel")}' over sizes that are not known; fix the sizes of its input");
        if (before.Size * after.Size > LargestMatrix)
            throw Refused(g, $"sizes of {before} and {after}");
        g.Spend(0, before.Size * after.Size * sizeof(float));
        float scale = scales?[axis] ?? AspectScale(g, rank) ?? (float)after.Size / before.Size;
        double[] elements = new ResizeMatrix(g.Node, before.Size, after.Size, scale, region).Elements();
        Tensor matrix = Tensor.Of<float>([after.Size, before.Size], Array.ConvertAll(elements, e => (float)e));
        return g.Builder.CastLike(g.Constant(matrix), x);
    }

    // Where the aspect ratio is kept, one scale holds for all axes: the smallest or largest of those that the sizes ask for.
    private static float? AspectScale(GradientContext g, int rank)
    {
        string policy = g.Node.GetString("keep_aspect_ratio_policy", "stretch");
        if (policy == "stretch")
            return null;
        if (g.OptionalInput(3).ConstantInts() is not { } sizes)
            throw Refused(g, $"keep_aspect_ratio_policy '{policy}' and sizes that are computed");
        IEnumerable<int> axes = g.Node.GetInts("axes") is { } given ? given.Select(a => g.AxisOf(a, rank)) : Enumerable.Range(0, rank);
        float[] ratios = [.. axes.Select((a, i) => g.Input(0).Shape![a].IsKnown ? (float)sizes[i] / g.Input(0).Shape![a].Size : throw Refused(g, $"keep_aspect_ratio_policy '{policy}' over sizes that are not known"))];
        return policy == "not_larger" ? ratios.Min() : ratios.Max();
    }

    private static UnsupportedGradientException Refused(GradientContext g, string what) => new([$"'{g.Node.DisplayName}' (Resize with {what})"]);

    // One scale for each axis of x; null where sizes are given or scales are computed.
    private static float[]? ConstantScales(GradientContext g, int rank)
    {
        if (g.OptionalInput(3) is not null || g.OptionalInput(2) is not { IsConstant: true, Initializer: { ElementType: ElementType.Float32 } tensor })
            return null;
        float[] given = tensor.Span<float>().ToArray();
        if (g.Node.GetInts("axes") is not { } axes)
            return given.Length == rank ? given : null;
        float[] scales = [.. Enumerable.Repeat(1f, rank)];
        for (int i = 0; i < axes.Length; i++)
            scales[g.AxisOf(axes[i], rank)] = given[i];
        return scales;
    }

    // A whole-numbered scale s repeats each element s times: (o + 1/2) / s - 1/2 lies within 1/2 of floor(o / s).
    private static bool Repeats(GradientContext g, float scale) =>
        scale > 1 && scale == MathF.Floor(scale) && g.Node.GetString("mode", "nearest") == "nearest"
        && (g.Node.GetString("coordinate_transformation_mode", "half_pixel"), g.Node.GetString("nearest_mode", "round_prefer_floor")) is
            ("asymmetric", "floor") or ("half_pixel" or "pytorch_half_pixel", "round_prefer_floor" or "round_prefer_ceil");

    private static Value SumRepeats(GradientContext g, Value dy, int axis, long scale, int rank)
    {
        var sizes = new List<Value?>();
        for (int a = 0; a < rank; a++)
            sizes.Add(a == axis ? g.Ints(-1, scale) : a < axis ? g.Ints(0) : g.Builder.SizeOf(dy, a));
        return g.Builder.ReduceSum(g.Builder.Reshape(dy, g.JoinSizes([.. sizes])), axis + 1);
    }

    // M[o, i]: [i is the neighbour of o], or max(0, 1 - |x_o - i|) with x_o = the coordinate of o, clamped to [0, in - 1]
    private static Value Weights(GradientContext g, int axis, float? constantScale, int rank)
    {
        GraphBuilder b = g.Builder;
        Value x = g.Input(0), y = g.Output(0);
        Value input = Size(g, x, axis), output = Size(g, y, axis);
        Value last = b.Sub(input, b.One(input));
        Value at = b.Reshape(Coordinates(g, axis, constantScale, rank, input, output), -1, 1);
        Value positions = b.Reshape(Positions(g, x, axis), 1, -1);
        bool isNearest = g.Node.GetString("mode", "nearest") == "nearest";
        if (isNearest)
            at = Neighbour(g, at);
        at = b.Op("Min", [b.Op("Max", [at, b.Zero(at)]), last]);
        return isNearest
            ? b.Cast(b.Equal(at, positions), x.ElementType)
            : b.Cast(b.Op("Relu", [b.Sub(b.One(at), b.Op("Abs", [b.Sub(at, positions)]))]), x.ElementType);
    }

    private static Value Coordinates(GradientContext g, int axis, float? constantScale, int rank, Value input, Value output)
    {
        GraphBuilder b = g.Builder;
        Value positions = Positions(g, g.Output(0), axis);
        Value one = b.One(positions), half = b.Scalar(positions, 0.5);
        string mode = g.Node.GetString("coordinate_transformation_mode", "half_pixel");

        // A single output element stands at 0.
        if (mode == "align_corners")
            return b.Div(b.Mul(positions, b.Sub(input, one)), b.Op("Max", [b.Sub(output, one), one]));
        Value scale = constantScale is { } known ? b.Scalar(positions, known) : Scale(g, axis, rank, input, output);
        if (mode == "asymmetric")
            return b.Div(positions, scale);
        Value at = b.Sub(b.Div(b.Add(positions, half), scale), half);
        return mode == "half_pixel" ? at : b.Where(b.Greater(output, one), at, b.Zero(at));
    }

    private static Value Scale(GradientContext g, int axis, int rank, Value input, Value output)
    {
        if (g.OptionalInput(3) is not null || g.OptionalInput(2) is not { } scales)
            return g.Div(output, input);
        int index = axis;
        if (g.Node.GetInts("axes") is { } axes)
            index = axes.Select(a => g.AxisOf(a, rank)).ToImmutableArray().IndexOf(axis);
        return index < 0 ? g.One(output) : g.Op("Gather", [scales, g.Int(index)]);
    }

    private static Value Neighbour(GradientContext g, Value at)
    {
        Value half = g.Scalar(at, 0.5);
        return g.Node.GetString("nearest_mode", "round_prefer_floor") switch
        {
            "floor" => g.Op("Floor", [at]),
            "ceil" => g.Op("Ceil", [at]),
            "round_prefer_ceil" => g.Op("Floor", [g.Add(at, half)]),
            _ => g.Op("Ceil", [g.Sub(at, half)]),
        };
    }

    private static Value Apply(GradientContext g, Value dy, Value weights, int axis, int rank)
    {
        if (axis == rank - 1)
            return g.MatMul(dy, weights);
        Value transposed = g.Builder.Transpose(weights, 1, 0);
        if (axis == rank - 2)
            return g.MatMul(transposed, dy);
        long[] swap = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        (swap[axis], swap[^1]) = (swap[^1], swap[axis]);
        return g.Builder.Transpose(g.MatMul(g.Builder.Transpose(dy, swap), weights), swap);
    }

    private static Value Size(GradientContext g, Value x, int axis) =>
        g.Builder.Cast(g.Op("Squeeze", [g.Builder.SizeOf(x, axis), g.Ints(0)]), ElementType.Float32);

    private static Value Positions(GradientContext g, Value x, int axis) =>
        g.Builder.Cast(g.Op("Range", [g.Int(0), g.Op("Squeeze", [g.Builder.SizeOf(x, axis), g.Ints(0)]), g.Int(1)]), ElementType.Float32);
}
