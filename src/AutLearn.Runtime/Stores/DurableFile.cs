namespace AutLearn.Runtime.Stores;

/// <summary>Replaces a file so that after a crash the old or the new content stands, never a part.</summary>
internal static class DurableFile
{
    public const string TemporaryExtension = ".new";

    public static void Write(IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + TemporaryExtension;
        files.Write(temporary, content);
        files.Flush(temporary);
        files.Rename(temporary, path);
        files.FlushFolder(Path.GetDirectoryName(path)!);
    }
}
