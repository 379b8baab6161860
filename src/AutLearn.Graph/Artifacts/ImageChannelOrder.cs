namespace AutLearn.Graph.Artifacts;

/// <summary>The order of an image's three channels.</summary>
public enum ImageChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as networks from Caffe and OpenCV take them.</summary>
    Bgr,
}
