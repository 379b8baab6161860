using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AutLearn.Augment.Images;

/// <summary>Samples one row of an affinely mapped image into red, green and blue floats.</summary>
/// <remarks>
/// Eight pixels at a time: the four neighbours come by gather where AVX2 is present and by scalar loads elsewhere; both paths
/// compute the same formulas in the same order, so they agree to the last bit.
/// </remarks>
internal readonly ref struct AffineSampler
{
    private const float Half = 0.5f;

    private readonly ReadOnlySpan<uint> _pixels;
    private readonly int _width;
    private readonly int _height;
    private readonly AffineTransform _map;
    private readonly BorderMode _border;
    private readonly bool _isNearest;
    private readonly uint _fill;

    public AffineSampler(PixelImage image, AffineTransform map, BorderMode border, Interpolation interpolation, uint fill)
    {
        _pixels = image.Pixels;
        _width = image.Width;
        _height = image.Height;
        _map = map;
        _border = border;
        _isNearest = interpolation == Interpolation.Nearest;
        _fill = fill;
    }

    /// <summary>Writes a row; the spans have one length, a multiple of 8.</summary>
    public unsafe void Row(int y, Span<float> red, Span<float> green, Span<float> blue)
    {
        (double x0, double y0) = _map.Map(0.5, y + 0.5);
        var lane = Vector256.Create(0f, 1, 2, 3, 4, 5, 6, 7);
        var stepX = Vector256.Create((float)_map.A);
        var stepY = Vector256.Create((float)_map.D);
        (int first, int end) = Inside(x0 - Half, y0 - Half, red.Length);
        ref float r = ref MemoryMarshal.GetReference(red);
        ref float g = ref MemoryMarshal.GetReference(green);
        ref float b = ref MemoryMarshal.GetReference(blue);

        // Pinned once a row: a pin for each gather would cost as much as the gather.
        fixed (uint* pixels = _pixels)
        {
            for (int x = 0; x < red.Length; x += 8)
            {
                // The block's origin in double, its lanes in float: no error accumulates along a row.
                Vector256<float> sx = Vector256.Create((float)(x0 + (_map.A * x) - Half)) + (stepX * lane);
                Vector256<float> sy = Vector256.Create((float)(y0 + (_map.D * x) - Half)) + (stepY * lane);
                if (_isNearest)
                {
                    sx = Vector256.Floor(sx + Vector256.Create(Half));
                    sy = Vector256.Floor(sy + Vector256.Create(Half));
                }

                if (x >= first && x < end)
                    InsideBlock(pixels, sx, sy, ref Unsafe.Add(ref r, x), ref Unsafe.Add(ref g, x), ref Unsafe.Add(ref b, x));
                else
                    BorderBlock(pixels, sx, sy, ref Unsafe.Add(ref r, x), ref Unsafe.Add(ref g, x), ref Unsafe.Add(ref b, x));
            }
        }
    }

    // The blocks whose eight pixels surely have all four neighbours: an affine map is linear along a row, so they stand in one interval.
    private (int First, int End) Inside(double x, double y, int length)
    {
        // More than the rounding of float coordinates, and of the nearest neighbour.
        double margin = _isNearest ? 0.51 : 0.01;
        double low = 0, high = length - 1;
        Narrow(x, _map.A, margin, _width - 1 - margin, ref low, ref high);
        Narrow(y, _map.D, margin, _height - 1 - margin, ref low, ref high);
        if (!(low <= high))
            return (0, 0);
        int first = (int)Math.Ceiling(low / 8) * 8;
        return (first, ((int)Math.Floor((high - 7) / 8) * 8) + 8);
    }

    private static void Narrow(double origin, double slope, double minimum, double maximum, ref double low, ref double high)
    {
        if (Math.Abs(slope) < 1e-9)
        {
            if (!(origin >= minimum && origin <= maximum))
                high = -1;
            return;
        }

        double from = (minimum - origin) / slope, to = (maximum - origin) / slope;
        low = Math.Max(low, Math.Min(from, to));
        high = Math.Min(high, Math.Max(from, to));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void InsideBlock(uint* pixels, Vector256<float> sx, Vector256<float> sy, ref float red, ref float green, ref float blue)
    {
        Vector256<float> left = Vector256.Floor(sx);
        Vector256<float> top = Vector256.Floor(sy);
        Vector256<int> index = (Vector256.ConvertToInt32(top) * _width) + Vector256.ConvertToInt32(left);
        (Vector256<uint> p00, Vector256<uint> p01) = GatherPairs(pixels, index);
        (Vector256<uint> p10, Vector256<uint> p11) = GatherPairs(pixels, index + Vector256.Create(_width));
        Store(p00, p01, p10, p11, sx - left, sy - top, ref red, ref green, ref blue);
    }

    private unsafe void BorderBlock(uint* pixels, Vector256<float> sx, Vector256<float> sy, ref float red, ref float green, ref float blue)
    {
        Vector256<float> left = Vector256.Floor(sx);
        Vector256<float> top = Vector256.Floor(sy);
        Vector256<float> right = left + Vector256<float>.One;
        Vector256<float> bottom = top + Vector256<float>.One;
        Store(Bordered(pixels, left, top), Bordered(pixels, right, top), Bordered(pixels, left, bottom), Bordered(pixels, right, bottom), sx - left, sy - top, ref red, ref green, ref blue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(
        Vector256<uint> p00, Vector256<uint> p01, Vector256<uint> p10, Vector256<uint> p11, Vector256<float> fx, Vector256<float> fy, ref float red, ref float green, ref float blue)
    {
        Lerp(p00, p01, p10, p11, 0, fx, fy).StoreUnsafe(ref red);
        Lerp(p00, p01, p10, p11, 1, fx, fy).StoreUnsafe(ref green);
        Lerp(p00, p01, p10, p11, 2, fx, fy).StoreUnsafe(ref blue);
    }

    private unsafe Vector256<uint> Bordered(uint* pixels, Vector256<float> x, Vector256<float> y)
    {
        var maxX = Vector256.Create((float)(_width - 1));
        var maxY = Vector256.Create((float)(_height - 1));
        if (_border == BorderMode.Reflect)
        {
            x = Reflect(x, maxX);
            y = Reflect(y, maxY);
        }

        Vector256<float> cx = Vector256.Min(Vector256.Max(x, Vector256<float>.Zero), maxX);
        Vector256<float> cy = Vector256.Min(Vector256.Max(y, Vector256<float>.Zero), maxY);
        Vector256<uint> pixel = Gather(pixels, (Vector256.ConvertToInt32(cy) * _width) + Vector256.ConvertToInt32(cx));
        if (_border != BorderMode.Constant)
            return pixel;
        Vector256<uint> isInside = (Vector256.Equals(x, cx) & Vector256.Equals(y, cy)).AsUInt32();
        return Vector256.ConditionalSelect(isInside, pixel, Vector256.Create(_fill));
    }

    // Folds onto [0, max] with period 2 max; a single row or column folds onto itself.
    private static Vector256<float> Reflect(Vector256<float> value, Vector256<float> max)
    {
        if (max[0] == 0)
            return Vector256<float>.Zero;
        Vector256<float> period = max + max;
        value -= period * Vector256.Floor(value / period);
        return Vector256.Min(value, period - value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Lerp(
        Vector256<uint> p00, Vector256<uint> p01, Vector256<uint> p10, Vector256<uint> p11, int channel, Vector256<float> fx, Vector256<float> fy)
    {
        Vector256<float> c00 = Channel(p00, channel);
        Vector256<float> c10 = Channel(p10, channel);
        Vector256<float> upper = Vector256.FusedMultiplyAdd(fx, Channel(p01, channel) - c00, c00);
        Vector256<float> lower = Vector256.FusedMultiplyAdd(fx, Channel(p11, channel) - c10, c10);
        return Vector256.FusedMultiplyAdd(fy, lower - upper, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Channel(Vector256<uint> pixel, int channel)
    {
        if (!Avx2.IsSupported)
            return Vector256.ConvertToSingle((Vector256.ShiftRightLogical(pixel, 8 * channel) & Vector256.Create(0xFFu)).AsInt32());

        // One shuffle moves the channel's byte down and clears the others.
        Vector256<uint> bytes = Vector256.Create(0x80808000u, 0x80808004u, 0x80808008u, 0x8080800Cu, 0x80808000u, 0x80808004u, 0x80808008u, 0x8080800Cu);
        return Vector256.ConvertToSingle(Avx2.Shuffle(pixel.AsByte(), (bytes + Vector256.Create((uint)channel)).AsByte()).AsInt32());
    }

    // A pixel and its right neighbour lie side by side, so one load of 64 bits brings both: half the loads of two gathers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe (Vector256<uint> Left, Vector256<uint> Right) GatherPairs(uint* pixels, Vector256<int> index)
    {
        if (!Avx2.IsSupported)
            return (Gather(pixels, index), Gather(pixels, index + Vector256<int>.One));

        // Pixels 0, 1, 4, 5 and 2, 3, 6, 7: the shuffle below works on halves and puts them in order.
        Vector256<int> order = Avx2.Permute4x64(index.AsInt64(), 0b11_01_10_00).AsInt32();
        Vector256<float> low = Avx2.GatherVector256((ulong*)pixels, order.GetLower(), 4).AsSingle();
        Vector256<float> high = Avx2.GatherVector256((ulong*)pixels, order.GetUpper(), 4).AsSingle();
        return (Avx.Shuffle(low, high, 0b10_00_10_00).AsUInt32(), Avx.Shuffle(low, high, 0b11_01_11_01).AsUInt32());
    }

    // Every index lies inside by construction: the interval of the row or the clamp came before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Vector256<uint> Gather(uint* pixels, Vector256<int> index) =>
        Avx2.IsSupported
            ? Avx2.GatherVector256(pixels, index, 4)
            : Vector256.Create(
                pixels[index[0]], pixels[index[1]], pixels[index[2]], pixels[index[3]],
                pixels[index[4]], pixels[index[5]], pixels[index[6]], pixels[index[7]]);
}
