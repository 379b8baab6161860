using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AutLearn.Augment.Randomness;
using AutLearn.Graph.Artifacts;

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
        bool isPlanes = layout.Dimensions == ImageTensorLayout.Nchw || layout.Channels == 1;
        Span<float> side = isPlanes ? [] : stackalloc float[3 * padded];
        ColorRow grey = new ColorRow(0.299f, 0.587f, 0.114f, 0).After(plan.Color);
        ColorTransform color = layout.Order == ImageChannelOrder.Bgr ? new(plan.Color.Blue, plan.Color.Green, plan.Color.Red) : plan.Color;
        CounterRandom noise = CounterRandom.For(plan.NoiseSeed);
        for (int y = 0; y < layout.Height; y++)
        {
            sampler.Row(y, red, green, blue);
            Span<float> target = isPlanes ? tensor[(y * layout.Width)..] : side;
            int stride = isPlanes ? plane : padded;
            if (layout.Channels == 1)
            {
                Finish(red, green, blue, grey, plan.NoiseSigma, ref noise, layout, 0, target);
                continue;
            }

            if (plan.NoiseSigma == 0 && layout.Width % 8 == 0)
            {
                FinishThree(red, green, blue, color, layout, target, stride);
            }
            else
            {
                Finish(red, green, blue, color.Red, plan.NoiseSigma, ref noise, layout, 0, target);
                Finish(red, green, blue, color.Green, plan.NoiseSigma, ref noise, layout, 1, target[stride..]);
                Finish(red, green, blue, color.Blue, plan.NoiseSigma, ref noise, layout, 2, target[(2 * stride)..]);
            }

            if (!isPlanes)
                Interleave(side, padded, tensor.Slice(3 * y * layout.Width, 3 * layout.Width));
        }

        foreach (PixelRectangle cutout in plan.Cutouts)
            Fill(cutout, layout, tensor);
    }

    // The usual case, which loads each colour once; computes what Finish computes, in the same order.
    private static void FinishThree(
        ReadOnlySpan<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue, ColorTransform color, TensorLayout layout, Span<float> target, int plane)
    {
        (Vector256<float> scale0, Vector256<float> shift0) = Normalisation(layout, 0);
        (Vector256<float> scale1, Vector256<float> shift1) = Normalisation(layout, 1);
        (Vector256<float> scale2, Vector256<float> shift2) = Normalisation(layout, 2);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        ref float t = ref MemoryMarshal.GetReference(target);
        for (int x = 0; x < layout.Width; x += 8)
        {
            var fromRed = Vector256.LoadUnsafe(ref r, (nuint)x);
            var fromGreen = Vector256.LoadUnsafe(ref g, (nuint)x);
            var fromBlue = Vector256.LoadUnsafe(ref b, (nuint)x);
            Mix(color.Red, fromRed, fromGreen, fromBlue, scale0, shift0).StoreUnsafe(ref t, (nuint)x);
            Mix(color.Green, fromRed, fromGreen, fromBlue, scale1, shift1).StoreUnsafe(ref t, (nuint)(plane + x));
            Mix(color.Blue, fromRed, fromGreen, fromBlue, scale2, shift2).StoreUnsafe(ref t, (nuint)((2 * plane) + x));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Mix(
        ColorRow color, Vector256<float> red, Vector256<float> green, Vector256<float> blue, Vector256<float> scale, Vector256<float> shift)
    {
        Vector256<float> value = Vector256.FusedMultiplyAdd(red, Vector256.Create(color.R), Vector256.Create(color.Offset));
        value = Vector256.FusedMultiplyAdd(green, Vector256.Create(color.G), value);
        value = Vector256.FusedMultiplyAdd(blue, Vector256.Create(color.B), value);
        return Vector256.FusedMultiplyAdd(Vector256.Min(Vector256.Max(value, Vector256<float>.Zero), Vector256.Create(255f)), scale, shift);
    }

    private static void Finish(
        ReadOnlySpan<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue, ColorRow color, float sigma, ref CounterRandom random, TensorLayout layout, int channel, Span<float> target)
    {
        ReadOnlySpan<float> noise = sigma > 0 ? NoisePool.Row(ref random, red.Length) : red;
        (Vector256<float> scale, Vector256<float> shift) = Normalisation(layout, channel);
        var top = Vector256.Create(255f);
        var fromRed = Vector256.Create(color.R);
        var fromGreen = Vector256.Create(color.G);
        var fromBlue = Vector256.Create(color.B);
        var offset = Vector256.Create(color.Offset);
        var strength = Vector256.Create(sigma);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);
        ref float n = ref MemoryMarshal.GetReference(noise);
        ref float t = ref MemoryMarshal.GetReference(target);
        Span<float> last = stackalloc float[8];
        for (int x = 0; x < layout.Width; x += 8)
        {
            Vector256<float> value = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref r, (nuint)x), fromRed, offset);
            value = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref g, (nuint)x), fromGreen, value);
            value = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref b, (nuint)x), fromBlue, value);
            if (sigma > 0)
                value = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref n, (nuint)x), strength, value);
            value = Vector256.FusedMultiplyAdd(Vector256.Min(Vector256.Max(value, Vector256<float>.Zero), top), scale, shift);
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

    private static (Vector256<float> Scale, Vector256<float> Shift) Normalisation(TensorLayout layout, int channel) =>
        (Vector256.Create(1 / layout.Std[channel]), Vector256.Create(-layout.Mean[channel] / layout.Std[channel]));

    private static void Interleave(ReadOnlySpan<float> planes, int stride, Span<float> row)
    {
        for (int x = 0; x < row.Length / 3; x++)
        {
            row[3 * x] = planes[x];
            row[(3 * x) + 1] = planes[stride + x];
            row[(3 * x) + 2] = planes[(2 * stride) + x];
        }
    }

    // The mean of the normalisation becomes 0: the value that carries no information.
    private static void Fill(PixelRectangle area, TensorLayout layout, Span<float> tensor)
    {
        if (layout.Dimensions == ImageTensorLayout.Nhwc)
        {
            for (int y = area.Y; y < area.Y + area.Height; y++)
                tensor.Slice(((y * layout.Width) + area.X) * layout.Channels, area.Width * layout.Channels).Clear();
            return;
        }

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
        if (layout.Width is < 1 or > MaxSide || layout.Height is < 1 or > MaxSide || layout.Channels is not (1 or 3) || layout.Std.First == 0 || layout.Std.Second == 0 || layout.Std.Third == 0)
            throw new ArgumentException($"{layout} is no valid layout: sides from 1 to {MaxSide}, 1 or 3 channels, a std that is not 0.", nameof(layout));
        if (tensor.Length != layout.Length)
            throw new ArgumentException($"The tensor holds {tensor.Length} values; {layout} takes {layout.Length}.", nameof(tensor));
    }
}
