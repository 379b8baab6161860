using System.Collections.Immutable;

namespace AutLearn.Augment.Images;

/// <summary>Everything that was drawn for one image; rendering it again gives the same bits.</summary>
/// <param name="OutputToSource">Maps output coordinates to source coordinates.</param>
/// <param name="Color">The change of colour.</param>
/// <param name="NoiseSigma">The standard deviation of the noise, in grey levels; 0 for none.</param>
/// <param name="NoiseSeed">The stream of the noise.</param>
/// <param name="Cutouts">Rectangles that are filled with the mean.</param>
public sealed record ImagePlan(
    AffineTransform OutputToSource,
    ColorTransform Color,
    float NoiseSigma,
    long NoiseSeed,
    ImmutableArray<PixelRectangle> Cutouts);
