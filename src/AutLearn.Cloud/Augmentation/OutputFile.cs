using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Writes results so that a failure leaves no half-written file.</summary>
internal static class OutputFile
{
    /// <exception cref="DataFileException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        try
        {
            using (FileStream stream = File.Create(temporary, bufferSize: 1))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new DataFileException(path, $"cannot be written: {e.Message}", e);
        }
    }
}
