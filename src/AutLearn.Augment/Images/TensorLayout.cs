using AutLearn.Graph.Artifacts;

namespace AutLearn.Augment.Images;

/// <summary>The model input that an image becomes: Float32, each value (grey level - mean) / std of its channel.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Channels">3 for colours; 1 for luma.</param>
/// <param name="Mean">Subtracted, in grey levels from 0 to 255; one number, or one a channel.</param>
/// <param name="Std">Divides, in grey levels; not 0.</param>
public sealed record TensorLayout(int Width, int Height, int Channels, ChannelValues Mean, ChannelValues Std)
{
    /// <summary>Gets the order of three channels.</summary>
    public ImageChannelOrder Order { get; init; }

    /// <summary>Gets the order of the dimensions.</summary>
    public ImageTensorLayout Dimensions { get; init; }

    /// <summary>Gets the values of one image.</summary>
    public int Length => checked(Width * Height * Channels);

    /// <summary>Takes size, scale and order from a manifest; what of the image is shown, the pipeline's steps decide.</summary>
    /// <param name="preprocessing">From the manifest.</param>
    /// <exception cref="AutLearnException">The preprocessing is out of range.</exception>
    public static TensorLayout Of(ImagePreprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        return preprocessing.Problem() is { } problem
            ? throw new AutLearnException($"The preprocessing is out of range: {problem}.")
            : new(preprocessing.Width, preprocessing.Height, preprocessing.Channels, preprocessing.Mean, preprocessing.Std) { Order = preprocessing.Order, Dimensions = preprocessing.Layout };
    }
}
