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
    public void Row(int y, Span<float> red, Span<float> green, Span<float> blue)
    {
        (double x0, double y0) = _map.Map(0.5, y + 0.5);
        var lane = Vector256.Create(0f, 1, 2, 3, 4, 5, 6, 7);
        var stepX = Vector256.Create((float)_map.A);
        var stepY = Vector256.Create((float)_map.D);
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

            Block(sx, sy, ref MemoryMarshal.GetReference(red[x..]), ref MemoryMarshal.GetReference(green[x..]), ref MemoryMarshal.GetReference(blue[x..]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Block(Vector256<float> sx, Vector256<float> sy, ref float red, ref float green, ref float blue)
    {
        Vector256<float> left = Vector256.Floor(sx);
        Vector256<float> top = Vector256.Floor(sy);
        Vector256<float> fx = sx - left;
        Vector256<float> fy = sy - top;
        Vector256<uint> p00, p01, p10, p11;
        if (IsInside(sx, sy))
        {
            Vector256<int> index = (Vector256.ConvertToInt32(top) * _width) + Vector256.ConvertToInt32(left);
            p00 = Gather(index);
            p01 = Gather(index + Vector256<int>.One);
            p10 = Gather(index + Vector256.Create(_width));
            p11 = Gather(index + Vector256.Create(_width + 1));
        }
        else
        {
            Vector256<float> right = left + Vector256<float>.One;
            Vector256<float> bottom = top + Vector256<float>.One;
            p00 = Bordered(left, top);
            p01 = Bordered(right, top);
            p10 = Bordered(left, bottom);
            p11 = Bordered(right, bottom);
        }

        Lerp(p00, p01, p10, p11, 0, fx, fy).StoreUnsafe(ref red);
        Lerp(p00, p01, p10, p11, 8, fx, fy).StoreUnsafe(ref green);
        Lerp(p00, p01, p10, p11, 16, fx, fy).StoreUnsafe(ref blue);
    }

    // An affine map is monotone along a row, so the first and last lane bound the others.
    private bool IsInside(Vector256<float> sx, Vector256<float> sy) =>
        Math.Min(sx[0], sx[7]) >= 0 && Math.Max(sx[0], sx[7]) < _width - 1
        && Math.Min(sy[0], sy[7]) >= 0 && Math.Max(sy[0], sy[7]) < _height - 1;

    private Vector256<uint> Bordered(Vector256<float> x, Vector256<float> y)
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
        Vector256<uint> pixel = Gather((Vector256.ConvertToInt32(cy) * _width) + Vector256.ConvertToInt32(cx));
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
        Vector256<uint> p00, Vector256<uint> p01, Vector256<uint> p10, Vector256<uint> p11, int shift, Vector256<float> fx, Vector256<float> fy)
    {
        Vector256<float> c00 = Channel(p00, shift);
        Vector256<float> c10 = Channel(p10, shift);
        Vector256<float> upper = c00 + (fx * (Channel(p01, shift) - c00));
        Vector256<float> lower = c10 + (fx * (Channel(p11, shift) - c10));
        return upper + (fy * (lower - upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Channel(Vector256<uint> pixel, int shift) =>
        Vector256.ConvertToSingle((Vector256.ShiftRightLogical(pixel, shift) & Vector256.Create(0xFFu)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Vector256<uint> Gather(Vector256<int> index)
    {
        // Every index lies inside by construction: IsInside or the clamp came before.
        if (Avx2.IsSupported)
        {
            fixed (uint* pixels = _pixels)
                return Avx2.GatherVector256(pixels, index, 4);
        }

        return Vector256.Create(
            _pixels[index[0]], _pixels[index[1]], _pixels[index[2]], _pixels[index[3]],
            _pixels[index[4]], _pixels[index[5]], _pixels[index[6]], _pixels[index[7]]);
    }
}
