namespace AutLearn.Runtime.Stores;

/// <summary>Replaces a file so that after a crash the old or the new content stands, never a part.</summary>
internal static class DurableFile
{
    public const string TemporaryExtension = ".new";

    /// <summary>Closes a file to other accounts, and erases what a killed write of it left. For the only writer of its folder.</summary>
    public static void Sweep(IFileSystem files, string path)
    {
        files.Protect(path);
        files.Erase(path + TemporaryExtension);
    }

    /// <summary>Overwrites and deletes a file and what a killed write of it left; the folder is still to be flushed.</summary>
    /// <remarks>Under the temporary name, so that a kill leaves what is swept and nothing half overwritten under the file's own.</remarks>
    public static void Erase(IFileSystem files, string path)
    {
        string temporary = path + TemporaryExtension;
        files.Erase(temporary);
        if (!files.Exists(path))
            return;
        try
        {
            files.Rename(path, temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whatever keeps the folder from changing may still let the content be overwritten.
            files.Erase(path);
            return;
        }

        files.Erase(temporary);
    }

    public static void Write(IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + TemporaryExtension;
        files.Write(temporary, content);
        files.Flush(temporary);
        files.Rename(temporary, path);
        files.FlushFolder(Path.GetDirectoryName(path)!);
    }
}
