using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AutLearn;

/// <summary>Opens files that others name. A pipe or a device would keep the usual calls waiting, or reading, for ever; it is refused.</summary>
internal static partial class RegularFile
{
    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int NoDeviceOrAddress = 6;
    private const int NoAccess = 13;
    private const int NoFolder = 20;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not read it.</exception>
    /// <exception cref="IOException">It is no regular file, or cannot be read.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 4096)
    {
        SafeFileHandle file = Open(path);
        try
        {
            Check(file, path);
            return new FileStream(file, FileAccess.Read, bufferSize);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not read it.</exception>
    /// <exception cref="IOException">It is no regular file, is too long for an array, or cannot be read.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        using FileStream file = OpenRead(path, bufferSize: 0);
        byte[] bytes = file.Length <= Array.MaxLength ? new byte[file.Length] : throw new IOException($"The file '{path}' has {file.Length} bytes, too many to read at once.");
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    private static SafeFileHandle Open(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path);

        // Without waiting for a pipe's writer, and closed in child processes.
        SafeFileHandle file = OpenUnix(Path.GetFullPath(path), OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 0x8_0800 : 0x100_0004);
        if (!file.IsInvalid)
            return file;
        int error = Marshal.GetLastPInvokeError();
        file.Dispose();
        string message = $"The file '{path}' cannot be read: {Marshal.GetPInvokeErrorMessage(error)}.";
        throw error switch
        {
            NoEntry or NoFolder => new FileNotFoundException(message, path),
            NotPermitted or NoAccess => new UnauthorizedAccessException(message),
            NoDeviceOrAddress => Irregular(path),
            _ => new IOException(message),
        };
    }

    private static void Check(SafeFileHandle file, string path)
    {
        if ((File.GetAttributes(file) & FileAttributes.Directory) != 0)
            throw new IOException($"'{path}' is no regular file but a folder.");
        try
        {
            // Pipes and sockets have no length; devices say 0 and give bytes all the same.
            if (RandomAccess.GetLength(file) == 0 && RandomAccess.Read(file, stackalloc byte[1], 0) > 0)
                throw Irregular(path);
        }
        catch (NotSupportedException error)
        {
            throw Irregular(path, error);
        }
    }

    private static IOException Irregular(string path, Exception? inner = null) => new($"'{path}' is no regular file but a pipe or a device. Give a file.", inner);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenUnix(string path, int flags);
}
