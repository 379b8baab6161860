using AutLearn.Augment.Images;
using AutLearn.Augment.Skia;

namespace AutLearn.Cloud.Data;

/// <summary>Decodes photos.</summary>
internal static class ImageFile
{
    /// <summary>Decodes a file to RGB, upright as its EXIF orientation says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="minSide">The shorter side that is enough, in pixels; 0 decodes at full size.</param>
    /// <exception cref="DataFileException">The file is missing, damaged or too large.</exception>
    public static PixelImage Decode(string path, int minSide = 0)
    {
        if (PhotoFiles.Refusal(path) is { } refusal)
            throw new DataFileException(path, refusal);
        try
        {
            return ImageDecoder.DecodeFile(path, new ImageDecoderOptions { MinSide = minSide }, SkiaImageDecoder.Instance);
        }
        catch (InvalidDataException e)
        {
            // The message names the file once more.
            throw new DataFileException(path, e.Message.Replace($"Image '{path}' ", "", StringComparison.Ordinal), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }
}
