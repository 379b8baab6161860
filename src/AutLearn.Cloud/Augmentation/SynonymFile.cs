using System.Text;
using AutLearn.Augment.Text;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Opens tables of synonyms, compiled or in text form.</summary>
internal static class SynonymFile
{
    /// <exception cref="DataFileException">The file is missing or damaged.</exception>
    public static SynonymTable Open(string path)
    {
        try
        {
            if (Path.GetExtension(path).ToUpperInvariant() is ".TXT" or ".TSV")
            {
                using var reader = new StreamReader(RegularFile.OpenRead(path), new UTF8Encoding(false, throwOnInvalidBytes: true));
                return SynonymTableFile.Parse(reader, path);
            }

            using FileStream stream = RegularFile.OpenRead(path);
            return SynonymTableFile.Load(stream, path);
        }
        catch (DecoderFallbackException e)
        {
            throw new DataFileException(path, "is no UTF-8 text. Convert it first.", e);
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
}
