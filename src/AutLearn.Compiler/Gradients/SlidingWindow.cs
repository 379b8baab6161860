using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>How a convolution or pooling slides over the spatial axes: one entry per axis.</summary>
internal sealed record SlidingWindow(long[] Kernel, long[] Strides, long[] Dilations, long[] Before, long[] After)
{
    // The elements of a kernel and the steps between them are numbers of the file: what is built for each must stay few.
    private const long LargestKernel = 1 << 16, LargestStep = 1 << 20;
    private const long MostTaps = 1 << 10;
    private const long MostPlaces = 1 << 22;

    public int Rank => Kernel.Length;

    /// <summary>Gets the elements of the kernel.</summary>
    public long Taps => Kernel.Aggregate(1L, (a, b) => a * b);

    /// <summary>Gets a value indicating whether the kernel is small enough for nodes of their own for each of its elements.</summary>
    public bool HasFewTaps => Taps <= MostTaps;

    /// <summary>Gets a value indicating whether the window neither pads nor skips input elements between its own.</summary>
    public bool IsDense => Array.TrueForAll(Before, p => p == 0) && Array.TrueForAll(After, p => p == 0) && Array.TrueForAll(Dilations, d => d == 1);

    public AttributeValue PadsAttribute => AttributeValue.Of([.. Before, .. After]);

    /// <summary>Reads the window of a node; null where its padding depends on spatial sizes that are not known.</summary>
    public static SlidingWindow? TryOf(GradientContext g, Value x, long[] kernel) => TryOf(g.Node, x.Shape!, kernel);

    /// <summary>Reads the window of a node; null where its padding depends on spatial sizes that are not known.</summary>
    public static SlidingWindow? TryOf(Node node, Shape x, long[] kernel)
    {
        int rank = kernel.Length;
        SlidingWindow window = Unpadded(node, kernel);
        switch (node.GetString("auto_pad", "NOTSET"))
        {
            case "VALID":
                return window;
            case "SAME_UPPER":
            case "SAME_LOWER":
                bool upper = node.GetString("auto_pad", "") == "SAME_UPPER";
                for (int i = 0; i < rank; i++)
                {
                    if (window.SamePadding(x[i + 2], i) is not { } total)
                        return null;
                    window.Before[i] = upper ? total / 2 : total - (total / 2);
                    window.After[i] = total - window.Before[i];
                }

                return window;
            default:
                if (node.GetInts("pads") is { } pads)
                {
                    if (pads.Length != 2 * rank)
                        throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) has {pads.Length} pads where {2 * rank} are needed.") { NodeName = node.DisplayName };
                    return window with { Before = [.. pads[..rank]], After = [.. pads[rank..]] };
                }

                return window;
        }
    }

    /// <summary>Reads the window of a node without its padding.</summary>
    /// <exception cref="InvalidModelException">The kernel or its steps are out of range.</exception>
    public static SlidingWindow Unpadded(Node node, long[] kernel)
    {
        long[] strides = Attribute(node, "strides", kernel.Length), dilations = Attribute(node, "dilations", kernel.Length);
        long taps = 1;
        foreach (long size in kernel)
            taps = size is < 1 or > LargestKernel ? LargestKernel + 1 : Math.Min(taps * size, LargestKernel + 1);
        if (taps > LargestKernel || strides.Concat(dilations).Any(s => s is < 1 or > LargestStep))
            throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) has the kernel [{string.Join(",", kernel)}], strides [{string.Join(",", strides)}] and dilations [{string.Join(",", dilations)}], which is beyond what can be trained.") { NodeName = node.DisplayName };
        return new(kernel, strides, dilations, new long[kernel.Length], new long[kernel.Length]);
    }

    /// <summary>The input elements that the kernel spans on an axis.</summary>
    public long Span(int axis) => ((Kernel[axis] - 1) * Dilations[axis]) + 1;

    /// <summary>The attributes of the window for an operator that slides with it.</summary>
    public (string Name, AttributeValue Value)[] Attributes() =>
    [
        ("kernel_shape", AttributeValue.Of(Kernel.AsSpan())),
        ("strides", AttributeValue.Of(Strides.AsSpan())),
        ("dilations", AttributeValue.Of(Dilations.AsSpan())),
        ("pads", PadsAttribute),
    ];

    /// <summary>
    /// The adjoint of sliding: adds each element of dy, times the weight [C, M / group, kernel], to the input elements under its window.
    /// </summary>
    /// <remarks>
    /// At stride 1 a convolution with the flipped weight is as fast for wide layers and slower for narrow ones; at other strides it
    /// would run over mostly zeros, four to eight times as slow.
    /// </remarks>
    /// <param name="g">The rule's context.</param>
    /// <param name="dy">[N, C, output sizes].</param>
    /// <param name="weight">The weight of the forward convolution.</param>
    /// <param name="x">A value with the spatial sizes of the result.</param>
    /// <param name="group">The number of groups.</param>
    /// <returns>[N, M, spatial sizes of x].</returns>
    public Value Transposed(GradientContext g, Value dy, Value weight, Value x, long group)
    {
        long[] after = new long[Rank], extra = new long[Rank];
        bool isExact = true;
        bool cutsOff = g.Node.GetInt("ceil_mode", 0) != 0;
        for (int i = 0; i < Rank; i++)
        {
            if (x.Shape![i + 2].IsKnown && dy.Shape is { } output && output[i + 2].IsKnown)
            {
                // All windows together end here, counted from the first element of x; beyond x it is cropped, before it filled with 0.
                long end = ((output[i + 2].Size - 1) * Strides[i]) + Span(i) - Before[i];
                after[i] = Math.Max(end - x.Shape[i + 2].Size, 0);
                extra[i] = Math.Max(x.Shape[i + 2].Size - end, 0);
            }
            else if (Strides[i] == 1 && !cutsOff)
            {
                // Every element of x is under a window, and the padding is what lies beyond.
                after[i] = After[i];
            }
            else
            {
                // The windows miss at most stride - 1 elements at the end; add as many and cut off what is too much.
                extra[i] = Strides[i] - 1;
                isExact = false;
            }
        }

        Value dx = g.Op(
            "ConvTranspose",
            [dy, weight],
            ("kernel_shape", AttributeValue.Of(Kernel.AsSpan())),
            ("strides", AttributeValue.Of(Strides.AsSpan())),
            ("dilations", AttributeValue.Of(Dilations.AsSpan())),
            ("pads", AttributeValue.Of([.. Before, .. after])),
            ("output_padding", AttributeValue.Of(extra.AsSpan())),
            ("group", AttributeValue.Of(group)));
        return isExact ? dx : CutTo(g, dx, g.SpatialSizes(x));
    }

    /// <summary>Keeps the first elements of each spatial axis.</summary>
    public Value CutTo(GradientContext g, Value value, Value sizes) =>
        g.Op("Slice", [value, g.Ints(new long[Rank]), sizes, SpatialAxes(g)]);

    /// <summary>Lists for each element of the kernel, and for it each window, the element of an image under it; -1 in the padding.</summary>
    /// <param name="image">The sizes of the image.</param>
    /// <param name="spend">Told their number before they are made.</param>
    /// <exception cref="InvalidModelException">There are too many.</exception>
    public long[] PlacesUnder(long[] image, Action<long> spend)
    {
        long[] windows = [.. Enumerable.Range(0, Rank).Select(i => ((checked(image[i] + Before[i] + After[i]) - Span(i)) / Strides[i]) + 1)];
        long count = windows.Aggregate(Taps, (a, w) => w < 1 ? 0 : Math.Min(checked(a * w), MostPlaces + 1));
        if (count is < 1 or > MostPlaces)
            throw new InvalidModelException($"A kernel [{string.Join(",", Kernel)}] over [{string.Join(",", image)}] is beyond what can be trained.");
        spend(count);
        long[] places = new long[count];
        long[] at = new long[2 * Rank];
        for (long p = 0; p < count; p++)
        {
            long place = 0;
            for (int i = 0; i < Rank && place >= 0; i++)
            {
                long x = (at[Rank + i] * Strides[i]) + (at[i] * Dilations[i]) - Before[i];
                place = x < 0 || x >= image[i] ? -1 : (place * image[i]) + x;
            }

            places[p] = place;
            for (int i = (2 * Rank) - 1; i >= 0 && ++at[i] == (i < Rank ? Kernel[i] : windows[i - Rank]); i--)
                at[i] = 0;
        }

        return places;
    }

    public Value SpatialAxes(GradientContext g) => g.Ints([.. Enumerable.Range(2, Rank).Select(i => (long)i)]);

    // ceil(n / s) windows: (ceil(n / s) - 1) s + span - n, which for s = 1 is span - 1 whatever n
    private long? SamePadding(Dimension size, int axis)
    {
        if (Strides[axis] == 1)
            return Span(axis) - 1;
        if (!size.IsKnown)
            return null;
        long windows = (size.Size + Strides[axis] - 1) / Strides[axis];
        return Math.Max(((windows - 1) * Strides[axis]) + Span(axis) - size.Size, 0);
    }

    private static long[] Attribute(Node node, string name, int rank)
    {
        if (node.GetInts(name) is not { Length: > 0 } given)
            return [.. Enumerable.Repeat(1L, rank)];
        return given.Length == rank
            ? [.. given]
            : throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) has {given.Length} {name} where {rank} are needed.") { NodeName = node.DisplayName };
    }
}
