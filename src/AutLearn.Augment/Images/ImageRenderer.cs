using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Renders a plan row by row: sample, recolour, add noise, clip, normalise.</summary>
internal static class ImageRenderer
{
    private const int MaxSide = 4096;

    [SkipLocalsInit]
    public static void Render(PixelImage image, ImagePlan plan, TensorLayout layout, ImagePipelineOptions options, Span<float> tensor)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        Validate(layout, tensor);
        Validate(plan, layout);
        AffineTransform map = plan.OutputToSource;

        // Where the source is sampled more coarsely than every second pixel, a halved image avoids aliasing.
        while (Math.Abs(map.Determinant) >= 4 && Math.Min(image.Width, image.Height) >= 4)
        {
            map = AffineTransform.Scaling((image.Width / 2) / (double)image.Width, (image.Height / 2) / (double)image.Height).After(map);
            image = image.Half();
        }

        var sampler = new AffineSampler(image, map, options.Border, options.Interpolation, options.Fill);
        int padded = (layout.Width + 7) & ~7;
        Span<float> rows = stackalloc float[3 * padded];
        Span<float> red = rows[..padded];
        Span<float> green = rows.Slice(padded, padded);
        Span<float> blue = rows.Slice(2 * padded, padded);
        int plane = layout.Width * layout.Height;
        ColorRow grey = new ColorRow(0.299f, 0.587f, 0.114f, 0).After(plan.Color);
        CounterRandom noise = CounterRandom.For(plan.NoiseSeed);
        for (int y = 0; y < layout.Height; y++)
        {
            sampler.Row(y, red, green, blue);
            Span<float> target = tensor.Slice(y * layout.Width, tensor.Length - (y * layout.Width));
            if (layout.Channels == 1)
            {
                Finish(red, green, blue, grey, plan.NoiseSigma, ref noise, layout, target);
                continue;
            }

            Finish(red, green, blue, plan.Color.Red, plan.NoiseSigma, ref noise, layout, target);
            Finish(red, green, blue, plan.Color.Green, plan.NoiseSigma, ref noise, layout, target[plane..]);
            Finish(red, green, blue, plan.Color.Blue, plan.NoiseSigma, ref noise, layout, target[(2 * plane)..]);
        }

        foreach (PixelRectangle cutout in plan.Cutouts)
            Fill(cutout, layout, tensor);
    }

    private static void Finish(
        ReadOnlySpan<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue, ColorRow color, float sigma, ref CounterRandom random, TensorLayout layout, Span<float> target)
    {
        ReadOnlySpan<float> noise = sigma > 0 ? NoisePool.Row(ref random, red.Length) : red;
        var scale = Vector256.Create(1 / layout.Std);
        var shift = Vector256.Create(-layout.Mean / layout.Std);
        var top = Vector256.Create(255f);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        ref float n = ref MemoryMarshal.GetReference(noise);
        ref float t = ref MemoryMarshal.GetReference(target);
        Span<float> last = stackalloc float[8];
        for (int x = 0; x < layout.Width; x += 8)
        {
            Vector256<float> value = (Vector256.LoadUnsafe(ref r, (nuint)x) * color.R)
                + (Vector256.LoadUnsafe(ref g, (nuint)x) * color.G)
                + (Vector256.LoadUnsafe(ref b, (nuint)x) * color.B)
                + Vector256.Create(color.Offset);
            if (sigma > 0)
                value += Vector256.LoadUnsafe(ref n, (nuint)x) * sigma;
            value = (Vector256.Min(Vector256.Max(value, Vector256<float>.Zero), top) * scale) + shift;
            if (x + 8 <= layout.Width)
            {
                value.StoreUnsafe(ref t, (nuint)x);
            }
            else
            {
                value.CopyTo(last);
                last[..(layout.Width - x)].CopyTo(target[x..]);
            }
        }
    }

    // The mean of the normalisation becomes 0: the value that carries no information.
    private static void Fill(PixelRectangle area, TensorLayout layout, Span<float> tensor)
    {
        for (int c = 0; c < layout.Channels; c++)
        {
            for (int y = area.Y; y < area.Y + area.Height; y++)
                tensor.Slice((((c * layout.Height) + y) * layout.Width) + area.X, area.Width).Clear();
        }
    }

    // Plans may come from a file.
    private static void Validate(ImagePlan plan, TensorLayout layout)
    {
        AffineTransform map = plan.OutputToSource;
        const double limit = 1e7;
        foreach (double value in (ReadOnlySpan<double>)[map.A, map.B, map.C, map.D, map.E, map.F])
        {
            if (!(Math.Abs(value) < limit))
                throw new ArgumentException($"The plan's map holds {value}.", nameof(plan));
        }

        foreach (PixelRectangle cutout in plan.Cutouts)
        {
            if (cutout.X < 0 || cutout.Y < 0 || cutout.Width < 0 || cutout.Height < 0
                || cutout.X > layout.Width - cutout.Width || cutout.Y > layout.Height - cutout.Height)
                throw new ArgumentException($"The plan's {cutout} lies outside {layout}.", nameof(plan));
        }
    }

    private static void Validate(TensorLayout layout, Span<float> tensor)
    {
        if (layout.Width is < 1 or > MaxSide || layout.Height is < 1 or > MaxSide || layout.Channels is not (1 or 3) || layout.Std == 0)
            throw new ArgumentException($"{layout} is no valid layout: sides from 1 to {MaxSide}, 1 or 3 channels, a std that is not 0.", nameof(layout));
        if (tensor.Length != layout.Length)
            throw new ArgumentException($"The tensor holds {tensor.Length} values; {layout} takes {layout.Length}.", nameof(tensor));
    }
}
