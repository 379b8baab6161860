using AutLearn.Graph.Artifacts;

namespace AutLearn.Augment.Images;

/// <summary>Along one side: which source pixels each target pixel is a weighted mean of.</summary>
/// <remarks>
/// The coefficients of Pillow's Resample.c, in floating point: the filter is centred on the target pixel's centre, is widened by the scale
/// where it is antialiased and the image shrinks, is cut off at the source's ends, and sums to 1.
/// </remarks>
internal sealed class ResampleWeights
{
    // The weights of target t are those from First[t] to First[t + 1], of the sources that begin at Source[t].
    private ResampleWeights(int[] source, int[] first, float[] weight)
    {
        Source = source;
        First = first;
        Weight = weight;
    }

    public int Targets => Source.Length;

    public int[] Source { get; }

    public int[] First { get; }

    public float[] Weight { get; }

    /// <summary>Computes the weights.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="start">The first source pixel that may be used.</param>
    /// <param name="count">How many may be used, at least 1.</param>
    /// <param name="scale">Source pixels per target pixel.</param>
    /// <param name="offset">Target pixels between the start of the source and the first target.</param>
    /// <param name="targets">The number of targets.</param>
    public static ResampleWeights Of(ImageFilter filter, int start, int count, double scale, int offset, int targets)
    {
        double stretch = filter is ImageFilter.Bilinear or ImageFilter.Bicubic ? Math.Max(1, scale) : 1;
        double support = stretch * (filter == ImageFilter.Bicubic ? 2 : 1);
        int[] source = new int[targets];
        int[] first = new int[targets + 1];
        var weights = new List<float>(targets * 2);
        for (int t = 0; t < targets; t++)
        {
            double centre = (t + offset + 0.5) * scale;
            int from = filter == ImageFilter.Nearest ? (int)Math.Floor(centre) : (int)Math.Floor(centre - support + 0.5);
            int to = filter == ImageFilter.Nearest ? from + 1 : (int)Math.Floor(centre + support + 0.5);
            from = Math.Clamp(from, 0, count - 1);
            to = Math.Clamp(to, from + 1, count);
            double total = 0;
            for (int s = from; s < to; s++)
                total += filter == ImageFilter.Nearest ? 1 : Of(filter, (s + 0.5 - centre) / stretch);
            for (int s = from; s < to; s++)
                weights.Add(total == 0 ? 1f / (to - from) : (float)((filter == ImageFilter.Nearest ? 1 : Of(filter, (s + 0.5 - centre) / stretch)) / total));
            source[t] = start + from;
            first[t + 1] = weights.Count;
        }

        return new(source, first, [.. weights]);
    }

    // Keys 1981 with a = -1/2, and the triangle.
    private static double Of(ImageFilter filter, double x)
    {
        x = Math.Abs(x);
        if (filter != ImageFilter.Bicubic)
            return Math.Max(0, 1 - x);
        return x < 1 ? (((1.5 * x) - 2.5) * x * x) + 1
            : x < 2 ? (((((-0.5 * x) + 2.5) * x) - 4) * x) + 2
            : 0;
    }
}
