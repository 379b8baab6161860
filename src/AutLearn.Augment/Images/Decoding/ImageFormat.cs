namespace AutLearn.Augment.Images.Decoding;

/// <summary>Formats that are told by their first bytes.</summary>
internal enum ImageFormat
{
    /// <summary>None of those below; TGA, which has no signature, among others.</summary>
    Other,
    Jpeg,
    Png,
    Gif,
    WebP,
    Bmp,
    Tiff,
    Pbm,
}
