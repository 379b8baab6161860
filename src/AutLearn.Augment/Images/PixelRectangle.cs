namespace AutLearn.Augment.Images;

/// <summary>A rectangle of output pixels.</summary>
/// <param name="X">The left column.</param>
/// <param name="Y">The top row.</param>
/// <param name="Width">The columns.</param>
/// <param name="Height">The rows.</param>
public readonly record struct PixelRectangle(int X, int Y, int Width, int Height);
