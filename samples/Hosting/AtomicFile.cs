namespace AutLearn.Samples.Hosting;

/// <summary>Replaces small files so that a crash leaves the old or the new content, never a part.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the file, flushes to the disk, then renames; makes the folder again if it is gone.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string temporary = path + ".new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
