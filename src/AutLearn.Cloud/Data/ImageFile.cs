using AutLearn.Augment.Images;

namespace AutLearn.Cloud.Data;

/// <summary>Decodes JPEG, PNG, WebP and BMP files.</summary>
internal static class ImageFile
{
    /// <summary>Decodes a file to RGB, upright as its EXIF orientation says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="minSide">The shorter side that is enough, in pixels; 0 decodes at full size.</param>
    /// <exception cref="DataFileException">The file is missing, damaged or too large.</exception>
    public static PixelImage Decode(string path, int minSide = 0)
    {
        try
        {
            return ToRgb(ImageDecoder.DecodeFile(path, new ImageDecoderOptions { MinSide = minSide }));
        }
        catch (InvalidDataException e)
        {
            throw new DataFileException(path, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }

    private static PixelImage ToRgb(Augment.Images.PixelImage decoded)
    {
        byte[] rgb = new byte[decoded.Pixels.Length * 3];
        for (int i = 0; i < decoded.Pixels.Length; i++)
        {
            uint pixel = decoded.Pixels[i];
            rgb[3 * i] = (byte)pixel;
            rgb[(3 * i) + 1] = (byte)(pixel >> 8);
            rgb[(3 * i) + 2] = (byte)(pixel >> 16);
        }

        return new PixelImage(decoded.Width, decoded.Height, 3, rgb);
    }
}
