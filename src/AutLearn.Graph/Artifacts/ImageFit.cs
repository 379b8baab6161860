namespace AutLearn.Graph.Artifacts;

/// <summary>How an image of any shape becomes one of the model's.</summary>
public enum ImageFit
{
    /// <summary>The centred square, <see cref="ImagePreprocessing.CropFraction"/> of the largest that fits, is resized.</summary>
    CropThenResize,

    /// <summary>The shorter side is resized to <see cref="ImagePreprocessing.ResizeSide"/>, the longer by the same factor, and the centre is cut out, as torchvision does.</summary>
    ResizeThenCrop,

    /// <summary>The whole image is resized; its aspect is lost.</summary>
    Squash,

    /// <summary>The whole image is resized in its aspect and centred; <see cref="ImagePreprocessing.PadLevel"/> fills the rest.</summary>
    Letterbox,
}
