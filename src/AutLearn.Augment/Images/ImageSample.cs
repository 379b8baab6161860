namespace AutLearn.Augment.Images;

/// <summary>An image of a stream with its stable index.</summary>
/// <param name="Image">The image.</param>
/// <param name="Index">The index that, with seed and epoch, decides what it receives.</param>
public readonly record struct ImageSample(PixelImage Image, long Index);
