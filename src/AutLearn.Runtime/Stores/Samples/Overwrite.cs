namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Writes zeros over a small secret where it stands, so that deleting the file afterwards leaves nothing on disks that write in place.</summary>
internal static class Overwrite
{
    public static void InPlace(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None);
        file.Write(new byte[file.Length]);
        file.Flush(flushToDisk: true);
    }
}
