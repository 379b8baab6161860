using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;

namespace AutLearn.Runtime.Stores;

/// <summary>The device's own file system. What it creates is the owner's alone (<see cref="PrivateFiles"/>).</summary>
public sealed partial class DeviceFileSystem : IFileSystem
{
    /// <summary>Gets the file system.</summary>
    public static DeviceFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public void CreateFolder(string folder) => PrivateFiles.CreateFolder(folder);

    /// <inheritdoc/>
    public void Protect(string path) => PrivateFiles.Protect(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Where(p => Path.GetFileName(p) != FolderLock.FileName).Order(StringComparer.Ordinal)] : [];

    /// <inheritdoc/>
    public bool Exists(string path) => new FileInfo(path).Attributes != (FileAttributes)(-1);

    /// <inheritdoc/>
    public IDisposable Lock(string folder) => FolderLock.Acquire(folder);

    /// <inheritdoc/>
    public byte[] Read(string path) => RegularFile.ReadAllBytes(path);

    /// <inheritdoc/>
    public void Write(string path, ReadOnlySpan<byte> content)
    {
        PrivateFiles.Protect(path);
        using FileStream file = PrivateFiles.Open(path, FileMode.Create, FileAccess.Write, FileShare.None);
        file.Write(content);
    }

    /// <inheritdoc/>
    public void Overwrite(string path, ReadOnlySpan<byte> content)
    {
        using FileStream file = PrivateFiles.Open(path, FileMode.Open, FileAccess.Write, FileShare.None);
        file.Write(content);
    }

    /// <inheritdoc/>
    public void Flush(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <inheritdoc/>
    public void Rename(string path, string target) => File.Move(path, target, overwrite: true);

    /// <inheritdoc/>
    /// <remarks>Windows keeps names in its journal without being asked.</remarks>
    public void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        int descriptor = Open(folder, 0);
        if (descriptor < 0)
            throw new IOException($"The folder '{folder}' cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Synchronize(descriptor) != 0)
                throw new IOException($"The folder '{folder}' cannot be flushed (error {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void Erase(string path) => PrivateFiles.Erase(path);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
