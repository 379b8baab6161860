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
    public static void Erase(IFileSystem files, string path)
    {
        files.Erase(path + TemporaryExtension);
        files.Erase(path);
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
