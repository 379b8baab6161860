using System.Globalization;

namespace AutLearn.Graph.Inference;

/// <summary>Operators that change the resolution of images.</summary>
internal static class ResamplingShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        rules.Add(("", "DepthToSpace"), DepthToSpace);
        rules.Add(("", "SpaceToDepth"), SpaceToDepth);
        rules.Add(("", "Resize"), Resize);
        rules.Add(("", "Upsample"), Resize);
    }

    private static void DepthToSpace(ShapeContext c)
    {
        long block = BlockSize(c);
        c.Set(0, c.TypeOf(0), Image(c) is { } x
            ? new Shape(x[0], c.Divide(x[1], block * block, "channels"), c.Multiply(x[2], block, "a height of"), c.Multiply(x[3], block, "a width of"))
            : null);
    }

    private static void SpaceToDepth(ShapeContext c)
    {
        long block = BlockSize(c);
        c.Set(0, c.TypeOf(0), Image(c) is { } x
            ? new Shape(x[0], c.Multiply(x[1], block * block, "channels"), c.Divide(x[2], block, "a height of"), c.Divide(x[3], block, "a width of"))
            : null);
    }

    // Its square is a number too.
    private static long BlockSize(ShapeContext c) =>
        c.Node.GetInt("blocksize", 0) is >= 1 and <= int.MaxValue and long block ? block : throw c.Error($"has blocksize {c.Node.GetInt("blocksize", 0)}");

    private static Shape? Image(ShapeContext c) =>
        c.Required(0) is { Rank: not 4 } x ? throw c.Error($"needs an input of rank 4, not {x}") : c.Required(0);

    private static void Resize(ShapeContext c)
    {
        if (c.Required(0) is not { } x)
        {
            c.Set(0, c.TypeOf(0), null);
            return;
        }

        int[] axes = c.Node.GetInts("axes") is { } named ? c.DistinctAxes(named.AsSpan(), x.Rank) : [.. Enumerable.Range(0, x.Rank)];
        bool isResize = c.Node.OpType == "Resize";
        Dimension[] dimensions = [.. x];
        if (isResize && c.Node.Input(3) is not null)
        {
            // What keeps the aspect ratio takes the sizes for bounds.
            bool isExact = c.Node.GetString("keep_aspect_ratio_policy", "stretch") == "stretch";
            SymbolicInt[]? sizes = c.Ints(3);
            RequireOneEach(c, "sizes", sizes?.Length, axes);
            if (!isExact && sizes is not null && KeepAspect(c, x, sizes, axes, dimensions))
            {
                c.Set(0, c.TypeOf(0), new Shape(dimensions));
                return;
            }

            for (int i = 0; i < axes.Length; i++)
            {
                Dimension size = sizes is null ? Dimension.Unknown : c.Size(sizes[i], "the target size");
                dimensions[axes[i]] = isExact ? size : Dimension.Unknown;
            }
        }
        else
        {
            // A region of interest counts as a part of the input.
            bool isCropped = c.Node.GetString("coordinate_transformation_mode", "") == "tf_crop_and_resize";
            float[]? scales = Scales(c, isResize && c.Opset >= 11 ? 2 : 1);
            RequireOneEach(c, "scales", scales?.Length, axes);
            for (int i = 0; i < axes.Length; i++)
            {
                Dimension scaled = scales is null ? Dimension.Unknown : Scale(c, x[axes[i]], scales[i]);
                dimensions[axes[i]] = isCropped ? Dimension.Unknown : scaled;
            }
        }

        c.Set(0, c.TypeOf(0), new Shape(dimensions));
    }

    // One scale for all axes, the smallest or largest of those asked for, in single precision as ONNX Runtime computes it; sizes are rounded.
    private static bool KeepAspect(ShapeContext c, Shape x, SymbolicInt[] sizes, int[] axes, Dimension[] dimensions)
    {
        if (axes.Any(a => !x[a].IsKnown || x[a].Is(0)) || sizes.Any(s => s.Number is not >= 0))
            return false;
        float[] ratios = [.. axes.Select((a, i) => (float)sizes[i].Number!.Value / x[a].Size)];
        float scale = c.Node.GetString("keep_aspect_ratio_policy", "stretch") == "not_larger" ? ratios.Min() : ratios.Max();
        foreach (int axis in axes)
            dimensions[axis] = c.Size((Int128)MathF.Min(MathF.Round(scale * x[axis].Size, MidpointRounding.AwayFromZero), 1e30f), "a size of");
        return true;
    }

    private static void RequireOneEach(ShapeContext c, string what, int? count, int[] axes)
    {
        if (count is { } given && given != axes.Length)
            throw c.Error($"has {given} {what} for {axes.Length} axes");
    }

    private static float[]? Scales(ShapeContext c, int input) =>
        c.Node.GetFloats("scales") is { } given ? [.. given]
        : c.Node.Input(input) is { IsConstant: true, ElementType: ElementType.Float32 } value ? value.Initializer!.Span<float>().ToArray()
        : null;

    // floor(size * scale) in single precision, as the standard's own inference and ONNX Runtime do.
    private static Dimension Scale(ShapeContext c, Dimension size, float scale)
    {
        if (!(scale > 0) || float.IsInfinity(scale))
            throw c.Error($"has scale {scale.ToString(CultureInfo.InvariantCulture)}");
        if (scale == 1)
            return size;
        return size.IsKnown ? c.Size((Int128)MathF.Min(MathF.Floor(size.Size * scale), 1e30f), "a size of") : Dimension.Unknown;
    }
}
