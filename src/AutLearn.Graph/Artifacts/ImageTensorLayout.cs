namespace AutLearn.Graph.Artifacts;

/// <summary>The order of an image tensor's dimensions.</summary>
public enum ImageTensorLayout
{
    /// <summary>[batch, channels, height, width]: planes.</summary>
    Nchw,

    /// <summary>[batch, height, width, channels]: the channels of a pixel side by side.</summary>
    Nhwc,
}
