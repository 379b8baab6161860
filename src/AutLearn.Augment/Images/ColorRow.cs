namespace AutLearn.Augment.Images;

/// <summary>One new channel as a weighted sum.</summary>
/// <param name="R">The weight of red.</param>
/// <param name="G">The weight of green.</param>
/// <param name="B">The weight of blue.</param>
/// <param name="Offset">Added, in grey levels.</param>
public readonly record struct ColorRow(float R, float G, float B, float Offset)
{
    internal ColorRow After(ColorTransform first) => new(
        (R * first.Red.R) + (G * first.Green.R) + (B * first.Blue.R),
        (R * first.Red.G) + (G * first.Green.G) + (B * first.Blue.G),
        (R * first.Red.B) + (G * first.Green.B) + (B * first.Blue.B),
        (R * first.Red.Offset) + (G * first.Green.Offset) + (B * first.Blue.Offset) + Offset);
}
