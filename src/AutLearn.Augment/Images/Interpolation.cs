namespace AutLearn.Augment.Images;

/// <summary>How a value between pixels is found.</summary>
public enum Interpolation
{
    /// <summary>The weighted mean of the four neighbours.</summary>
    Bilinear,

    /// <summary>The nearest pixel.</summary>
    Nearest,
}
