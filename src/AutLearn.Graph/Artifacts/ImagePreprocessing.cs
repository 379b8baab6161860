namespace AutLearn.Graph.Artifacts;

/// <summary>How an image becomes the model's input: centre crop, bilinear resize, then (pixel - mean) / std on a 0 to 255 scale, planes first (NCHW).</summary>
/// <param name="Width">The input width in pixels.</param>
/// <param name="Height">The input height in pixels.</param>
/// <param name="Channels">3 for RGB, 1 for grey. Grey images fill all three channels of an RGB input.</param>
/// <param name="Mean">Subtracted from each pixel, in grey levels.</param>
/// <param name="Std">Divides each pixel, in grey levels.</param>
/// <param name="CropFraction">The side of the centred square that is used, as a fraction of the shorter side, in (0, 1].</param>
public sealed record ImagePreprocessing(int Width, int Height, int Channels, float Mean, float Std, float CropFraction);
