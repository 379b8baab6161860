using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;
using Microsoft.Win32.SafeHandles;

namespace AutLearn.Runtime.Stores;

/// <summary>The device's own file system. What it creates is the owner's alone (<see cref="PrivateFiles"/>).</summary>
public sealed partial class DeviceFileSystem : IFileSystem
{
    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int NoAccess = 13;

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
    public byte[] Read(string path)
    {
        using SafeFileHandle file = OpenToRead(path);
        long length = LengthOf(file, path);
        byte[] bytes = length <= Array.MaxLength ? new byte[length] : throw new IOException($"The file '{path}' has {length} bytes, too many to read at once.");
        int read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(read), read) is > 0 and int more)
            read += more;
        return read == bytes.Length ? bytes : bytes[..read];
    }

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

    // A pipe with a store's name would keep a usual open waiting for a writer.
    private static SafeFileHandle OpenToRead(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path);
        SafeFileHandle file = OpenFile(path, OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 0x8_0800 : 0x100_0004);
        if (!file.IsInvalid)
            return file;
        int error = Marshal.GetLastPInvokeError();
        file.Dispose();
        string message = $"The file '{path}' cannot be read: {Marshal.GetPInvokeErrorMessage(error)}.";
        throw error switch
        {
            NoEntry => new FileNotFoundException(message, path),
            NotPermitted or NoAccess => new UnauthorizedAccessException(message),
            _ => new IOException(message),
        };
    }

    // Only what can be sought has a length: pipes and sockets have none.
    private static long LengthOf(SafeFileHandle file, string path)
    {
        try
        {
            if ((File.GetAttributes(file) & FileAttributes.Directory) == 0)
                return RandomAccess.GetLength(file);
        }
        catch (NotSupportedException error)
        {
            throw new IOException($"'{path}' is no regular file.", error);
        }

        throw new IOException($"'{path}' is no regular file but a folder.");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
