namespace AutLearn.Augment.Images;

/// <summary>The model input that an image becomes: Float32, planes first (NCHW), each value (grey level - mean) / std.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Channels">3 for red, green, blue; 1 for luma.</param>
/// <param name="Mean">Subtracted, in grey levels from 0 to 255.</param>
/// <param name="Std">Divides, in grey levels; not 0.</param>
public sealed record TensorLayout(int Width, int Height, int Channels, float Mean, float Std)
{
    /// <summary>Gets the values of one image.</summary>
    public int Length => checked(Width * Height * Channels);
}
