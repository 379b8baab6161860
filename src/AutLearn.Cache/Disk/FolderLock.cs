using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AutLearn.Cache.Disk;

/// <summary>Keeps a folder for one owner, across processes and within one, until it is disposed or the process ends, however it ends.</summary>
/// <remarks>
/// The lock is the operating system's and lies on the folder itself: no file stands for it that could be left behind, deleted or replaced.
/// Windows locks no folders; there an empty file <c>.lock</c> in the folder is held open and stays.
/// </remarks>
public sealed partial class FolderLock : IDisposable
{
    /// <summary>The file that stands for the lock on Windows.</summary>
    public const string FileName = ".lock";

    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int Unlock = 8;
    private const int Interrupted = 4;
    private const int SharingViolation = unchecked((int)0x8007_0020);

    private readonly SafeFileHandle _handle;

    private FolderLock(SafeFileHandle handle) => _handle = handle;

    // Children must not inherit the lock: it would outlive this process in them.
    private static int CloseOnExec => OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 0x8_0000 : 0x100_0000;

    private static int WouldBlock => OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 11 : 35;

    /// <summary>Locks a folder; never waits.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <returns>The lock; disposing it frees the folder.</returns>
    /// <exception cref="FolderInUseException">Another owner has it.</exception>
    /// <exception cref="IOException">The folder is missing or unreadable, or its file system has no locks.</exception>
    public static FolderLock Acquire(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new(OperatingSystem.IsWindows() ? HoldFile(folder) : LockFolder(folder));
    }

    /// <summary>Frees the folder. Idempotent.</summary>
    public void Dispose()
    {
        // A child between fork and exec shares the handle, so closing alone might free the folder a moment late.
        if (!OperatingSystem.IsWindows() && !_handle.IsClosed)
            _ = Flock(_handle, Unlock);
        _handle.Dispose();
    }

    private static SafeFileHandle LockFolder(string folder)
    {
        SafeFileHandle handle = Open(folder, CloseOnExec);
        if (handle.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new IOException($"The folder '{folder}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}. It must exist and be readable for this account.");
        }

        while (Flock(handle, LockExclusive | LockNonBlocking) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
                continue;
            handle.Dispose();
            throw error == WouldBlock
                ? new FolderInUseException(folder)
                : new IOException($"The folder '{folder}' cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}. Use a folder on a local disk.");
        }

        return handle;
    }

    private static SafeFileHandle HoldFile(string folder)
    {
        try
        {
            return File.OpenHandle(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error.HResult == SharingViolation)
        {
            throw new FolderInUseException(folder, error);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle handle, int operation);
}
