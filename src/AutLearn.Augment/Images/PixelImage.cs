namespace AutLearn.Augment.Images;

/// <summary>A decoded image: 8 bits a channel, four channels a pixel (red lowest, alpha unused), rows from the top.</summary>
/// <remarks>Immutable once built; safe for use by several threads. Grey images hold the same value in red, green and blue.</remarks>
public sealed class PixelImage
{
    private readonly uint[] _pixels;
    private PixelImage? _half;

    /// <summary>Creates an image over pixels that the caller no longer changes.</summary>
    /// <param name="width">The width in pixels, at least 1.</param>
    /// <param name="height">The height in pixels, at least 1.</param>
    /// <param name="pixels">Exactly width times height values, 0xAABBGGRR.</param>
    /// <exception cref="ArgumentException">The number of pixels does not match.</exception>
    public PixelImage(int width, int height, uint[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.Length != (long)width * height)
            throw new ArgumentException($"An image of {width}x{height} takes {(long)width * height} pixels, not {pixels.Length}.", nameof(pixels));
        Width = width;
        Height = height;
        _pixels = pixels;
    }

    /// <summary>Gets the width in pixels.</summary>
    public int Width { get; }

    /// <summary>Gets the height in pixels.</summary>
    public int Height { get; }

    /// <summary>Gets the pixels, 0xAABBGGRR, row by row.</summary>
    public ReadOnlySpan<uint> Pixels => _pixels;

    /// <summary>Creates an image from grey levels.</summary>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="levels">One byte a pixel.</param>
    /// <exception cref="ArgumentException">The number of levels does not match.</exception>
    public static PixelImage FromGrey(int width, int height, ReadOnlySpan<byte> levels)
    {
        uint[] pixels = new uint[levels.Length];
        for (int i = 0; i < levels.Length; i++)
            pixels[i] = 0xFF000000u | (levels[i] * 0x010101u);
        return new(width, height, pixels);
    }

    /// <summary>Creates an image from colours.</summary>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="colors">Red, green and blue of each pixel, row by row.</param>
    /// <exception cref="ArgumentException">The number of colours does not match.</exception>
    public static PixelImage FromRgb(int width, int height, ReadOnlySpan<byte> colors)
    {
        if (colors.Length != 3L * width * height)
            throw new ArgumentException($"An image of {width}x{height} takes {3L * width * height} colours, not {colors.Length}.", nameof(colors));
        uint[] pixels = new uint[colors.Length / 3];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = 0xFF000000u | ((uint)colors[(3 * i) + 2] << 16) | ((uint)colors[(3 * i) + 1] << 8) | colors[3 * i];
        return new(width, height, pixels);
    }

    /// <summary>Gets the image at half the size, each pixel the mean of four; computed once and kept.</summary>
    internal PixelImage Half()
    {
        if (_half is { } half)
            return half;
        int width = Math.Max(1, Width / 2);
        int height = Math.Max(1, Height / 2);
        uint[] pixels = new uint[width * height];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<uint> top = _pixels.AsSpan(Math.Min(2 * y, Height - 1) * Width, Width);
            ReadOnlySpan<uint> bottom = _pixels.AsSpan(Math.Min((2 * y) + 1, Height - 1) * Width, Width);
            for (int x = 0; x < width; x++)
            {
                int left = Math.Min(2 * x, Width - 1);
                int right = Math.Min((2 * x) + 1, Width - 1);
                pixels[(y * width) + x] = Mean(top[left], top[right], bottom[left], bottom[right]);
            }
        }

        // Two threads may compute it at the same time; the results are equal.
        return _half = new(width, height, pixels);
    }

    // Two channels at a time in 16-bit lanes: (a + b + c + d + 2) / 4.
    private static uint Mean(uint a, uint b, uint c, uint d)
    {
        const uint mask = 0x00FF00FF;
        const uint round = 0x00020002;
        uint even = ((a & mask) + (b & mask) + (c & mask) + (d & mask) + round) >> 2;
        uint odd = ((a >> 8 & mask) + (b >> 8 & mask) + (c >> 8 & mask) + (d >> 8 & mask) + round) >> 2;
        return (even & mask) | ((odd & mask) << 8);
    }
}
