namespace AutLearn.Augment.Images;

/// <summary>A linear change of colour on grey levels from 0 to 255: each new channel is a weighted sum of red, green and blue plus an offset.</summary>
/// <param name="Red">Weights of red, green, blue and the offset of the new red.</param>
/// <param name="Green">The same for green.</param>
/// <param name="Blue">The same for blue.</param>
public readonly record struct ColorTransform(ColorRow Red, ColorRow Green, ColorRow Blue)
{
    /// <summary>Gets the transform that changes nothing.</summary>
    public static ColorTransform Identity => new(new(1, 0, 0, 0), new(0, 1, 0, 0), new(0, 0, 1, 0));

    /// <summary>Creates a change of brightness.</summary>
    /// <param name="offset">Added to every channel, in grey levels.</param>
    public static ColorTransform Brightness(float offset) => new(new(1, 0, 0, offset), new(0, 1, 0, offset), new(0, 0, 1, offset));

    /// <summary>Creates a change of contrast about middle grey.</summary>
    /// <param name="factor">1 keeps the image.</param>
    public static ColorTransform Contrast(float factor)
    {
        float offset = 127.5f * (1 - factor);
        return new(new(factor, 0, 0, offset), new(0, factor, 0, offset), new(0, 0, factor, offset));
    }

    /// <summary>Creates a change of saturation: a mix with the luma of Rec. 601.</summary>
    /// <param name="factor">0 is grey, 1 keeps the image.</param>
    public static ColorTransform Saturation(float factor)
    {
        float r = 0.299f * (1 - factor);
        float g = 0.587f * (1 - factor);
        float b = 0.114f * (1 - factor);
        return new(new(r + factor, g, b, 0), new(r, g + factor, b, 0), new(r, g, b + factor, 0));
    }

    /// <summary>Composes: the result applies <paramref name="first"/>, then this. Clipping happens once, at the end.</summary>
    public ColorTransform After(ColorTransform first) => new(Red.After(first), Green.After(first), Blue.After(first));
}
