namespace AutLearn.Graph.Artifacts;

/// <summary>How pixels between pixels are found when an image is resized.</summary>
/// <remarks>Where an image shrinks, the antialiased filters widen by the same factor, as Pillow's do, so that every source pixel counts.</remarks>
public enum ImageFilter
{
    /// <summary>A triangle, antialiased: Pillow's BILINEAR, torchvision's default.</summary>
    Bilinear,

    /// <summary>Keys' cubic with a = -0.5, antialiased: Pillow's BICUBIC.</summary>
    Bicubic,

    /// <summary>The nearest pixel: Pillow's NEAREST.</summary>
    Nearest,

    /// <summary>The four neighbours of a point, however much the image shrinks: TensorFlow's and OpenCV's default.</summary>
    BilinearPoint,
}
