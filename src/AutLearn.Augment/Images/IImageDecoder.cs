namespace AutLearn.Augment.Images;

/// <summary>Turns the bytes of an image file into pixels.</summary>
/// <remarks>
/// Whatever decodes, the result is upright as the file's EXIF orientation says, an animation's first frame, and blended with white where it
/// is transparent; a file that ends early is refused rather than filled up. Implementations are safe for use by several threads.
/// </remarks>
public interface IImageDecoder
{
    /// <summary>Decodes bytes.</summary>
    /// <param name="bytes">A whole image file.</param>
    /// <param name="name">What to call the image in an error.</param>
    /// <param name="options">Limits, and the size that is wanted.</param>
    /// <exception cref="InvalidDataException">The bytes are no readable image, are damaged, or hold too many pixels; the message names the image.</exception>
    PixelImage Decode(ReadOnlySpan<byte> bytes, string name, ImageDecoderOptions options);
}
