using System.Diagnostics;

namespace AutLearn.Testing;

/// <summary>A file system of a few megabytes that really is full when it is; Linux alone, and where this account may mount.</summary>
public sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Mounts one; null where that is not possible.</summary>
    public static SmallDisk? TryMount(int sizeInBytes)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        string path = Directory.CreateTempSubdirectory("autlearn-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={sizeInBytes}"), "tmpfs", path))
            return new(path);
        Directory.Delete(path);
        return null;
    }

    /// <summary>Takes every block that is free.</summary>
    public void Fill()
    {
        byte[] block = new byte[4096];
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                filler.Write(block);
        }
        catch (IOException)
        {
            // That was the last one.
        }
    }

    public void Dispose()
    {
        if (Run("umount", "-l", Path))
            Directory.Delete(Path);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
