namespace AutLearn.Cloud.Data;

/// <summary>An 8-bit image in memory.</summary>
internal sealed class PixelImage
{
    /// <summary>Wraps pixels that the caller no longer changes.</summary>
    /// <param name="width">In pixels, at least 1.</param>
    /// <param name="height">In pixels, at least 1.</param>
    /// <param name="channels">1 for grey, 3 for RGB.</param>
    /// <param name="pixels">Row by row, the channels of a pixel side by side.</param>
    public PixelImage(int width, int height, int channels, ReadOnlyMemory<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 or 3 channels.");
        if (pixels.Length != (long)width * height * channels)
            throw new ArgumentException($"{width}x{height}x{channels} takes {(long)width * height * channels} bytes, not {pixels.Length}.", nameof(pixels));
        Width = width;
        Height = height;
        Channels = channels;
        Pixels = pixels;
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    public ReadOnlyMemory<byte> Pixels { get; }
}
