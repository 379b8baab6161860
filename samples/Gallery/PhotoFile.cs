using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace AutLearn.Samples.Gallery;

/// <summary>Reads photos: regular files inside the folder, and nothing that only looks like one.</summary>
/// <remarks>A pipe would never end, a device too, and a link would show a file that its owner never put here.</remarks>
internal static partial class PhotoFile
{
    public const long MaxSizeInBytes = 64L << 20;

    /// <summary>Reads a photo whole.</summary>
    /// <exception cref="IOException">It cannot be read, is no regular file, lies behind a link, is empty or is too large.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static PhotoContent Read(Photo photo)
    {
        // Where the name has two parts, the file's folder is one of the photos' own and may be a link too.
        string path = photo.Path;
        for (int i = photo.Name.Count(c => c == '/'); i >= 0; i--, path = Path.GetDirectoryName(path)!)
        {
            if (IsLink(new FileInfo(path)))
                throw new IOException($"'{photo.Name}' lies behind the link '{path}', and only the folder's own files are shown.");
        }

        using var stream = new FileStream(Open(photo.Path), FileAccess.Read, bufferSize: 0);

        // Pipes, sockets and devices have no length, nor do the system's made-up files.
        long length = stream.CanSeek ? stream.Length : 0;
        if (length is <= 0 or > MaxSizeInBytes)
            throw new IOException(length <= 0 ? $"'{photo.Name}' is empty or no regular file." : $"'{photo.Name}' has {length} bytes, more than the limit of {MaxSizeInBytes}.");
        byte[] bytes = new byte[length];
        stream.ReadExactly(bytes);
        return new(bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Tells whether a path is a link to another; a file that is merely kept in a cloud is none.</summary>
    public static bool IsLink(FileSystemInfo entry) => entry.LinkTarget is not null;

    // Opened as usual, a pipe waits for its writer for ever.
    private static SafeFileHandle Open(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path);
        const int LinuxNonBlockCloseOnExec = 0x800 | 0x80000;
        const int AppleNonBlockCloseOnExec = 0x4 | 0x1000000;
        int descriptor = OpenUnix(path, OperatingSystem.IsLinux() ? LinuxNonBlockCloseOnExec : AppleNonBlockCloseOnExec);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"It cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenUnix(string path, int flags);
}
