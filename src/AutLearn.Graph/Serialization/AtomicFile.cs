namespace AutLearn.Graph.Serialization;

/// <summary>Replaces files as a whole: readers see the old content or the new, never a part.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file through a temporary one in the same folder.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
