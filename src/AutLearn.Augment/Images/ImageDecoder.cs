namespace AutLearn.Augment.Images;

/// <summary>Decodes JPEG, PNG, WebP, GIF, BMP, TIFF, TGA and PBM; EXIF orientation is honoured.</summary>
/// <remarks>
/// Animated images give their first frame; 16-bit and CMYK images are converted to 8-bit RGB; transparent pixels blend with white.
/// Memory is bounded before anything is allocated: by the file's own dimensions and <see cref="ImageDecoderOptions"/>.
/// Stateless; safe for use by several threads.
/// </remarks>
public static class ImageDecoder
{
    /// <summary>Decodes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits and the size that is wanted; the defaults decode at full size.</param>
    /// <param name="decoder">What decodes; null takes <see cref="ManagedImageDecoder"/>, which runs everywhere.</param>
    /// <exception cref="InvalidDataException">The file is no readable image, is damaged, or is too large; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PixelImage DecodeFile(string path, ImageDecoderOptions? options = null, IImageDecoder? decoder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        using FileStream file = RegularFile.OpenRead(path, bufferSize: 0);
        if (file.Length > options.MaxFileSizeInBytes)
            throw new InvalidDataException($"Image '{path}' has {file.Length} bytes, more than the limit of {options.MaxFileSizeInBytes}.");
        byte[] bytes = new byte[file.Length];
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Decode(bytes.AsSpan(0, read), path, options, decoder);
    }

    /// <summary>Decodes bytes.</summary>
    /// <param name="bytes">A whole image file.</param>
    /// <param name="name">What to call the image in an error.</param>
    /// <param name="options">Limits and the size that is wanted; the defaults decode at full size.</param>
    /// <param name="decoder">What decodes; null takes <see cref="ManagedImageDecoder"/>, which runs everywhere.</param>
    /// <exception cref="InvalidDataException">The bytes are no readable image, are damaged, or hold too many pixels; the message names the image.</exception>
    public static PixelImage Decode(ReadOnlySpan<byte> bytes, string name, ImageDecoderOptions? options = null, IImageDecoder? decoder = null) =>
        (decoder ?? ManagedImageDecoder.Instance).Decode(bytes, name, options ?? new());
}
