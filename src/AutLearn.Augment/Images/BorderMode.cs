namespace AutLearn.Augment.Images;

/// <summary>What lies outside an image.</summary>
public enum BorderMode
{
    /// <summary>The fill colour.</summary>
    Constant,

    /// <summary>The nearest pixel of the edge.</summary>
    Edge,

    /// <summary>The mirror image, without repeating the edge pixel.</summary>
    Reflect,
}
