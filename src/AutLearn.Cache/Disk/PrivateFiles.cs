namespace AutLearn.Cache.Disk;

/// <summary>Files and folders that only their owner's account can open (0600 and 0700), from the moment they exist and whatever the umask.</summary>
/// <remarks>
/// Windows has no modes: there a file takes the access list of its folder, which below the user's profile admits the user, administrators
/// and the system alone. File systems without modes (FAT) leave everything as it is. Safe for use by several threads.
/// </remarks>
public static class PrivateFiles
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int EraseBlock = 1 << 16;

    private static readonly int SharingViolation = OperatingSystem.IsWindows() ? unchecked((int)0x8007_0020) : OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 11 : 35;

    /// <summary>Creates a folder, and the parents that are absent, for the owner alone; one that is there keeps its mode, as others may need it.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The parent folder cannot be written.</exception>
    public static void CreateFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        if (Directory.Exists(folder))
            return;

        // One call would give the parents the umask's mode.
        if (Path.GetDirectoryName(Path.GetFullPath(folder)) is { } parent && !Directory.Exists(parent))
            CreateFolder(parent);
        Directory.CreateDirectory(folder, OwnerAlone);
    }

    /// <summary>Opens a file; where it is created, it is its owner's alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">How to open or create it.</param>
    /// <param name="access">Which access.</param>
    /// <param name="share">What others may do meanwhile.</param>
    /// <param name="preallocationSize">Bytes that the disk must have room for; for new files.</param>
    /// <returns>An unbuffered stream; the caller disposes it.</returns>
    /// <exception cref="IOException">The file cannot be opened, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder is closed to this account.</exception>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share, long preallocationSize = 0)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0, PreallocationSize = preallocationSize };
        if (!OperatingSystem.IsWindows() && mode is not (FileMode.Open or FileMode.Truncate))
            options.UnixCreateMode = OwnerFile;
        return new(path, options);
    }

    /// <summary>Closes an existing file to other accounts; nothing happens if it is closed, absent, a link, a folder, or another account's.</summary>
    /// <param name="path">The file.</param>
    public static void Protect(string path)
    {
        if (OperatingSystem.IsWindows() || new FileInfo(path).LinkTarget is not null || !File.Exists(path))
            return;
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & ~OwnerAlone) == 0)
            return;
        try
        {
            File.SetUnixFileMode(path, mode & OwnerAlone);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whoever owns the file decides who reads it; a file system without modes has nothing to change.
        }
    }

    /// <summary>Overwrites a file with zeros where it stands, waits for the disk, and deletes it; nothing happens if there is none.</summary>
    /// <param name="path">The file. A link is removed, what it points to stays.</param>
    /// <remarks>Flash and copying file systems may keep older blocks; only encryption whose key is destroyed reaches those.</remarks>
    /// <exception cref="IOException">Another process holds the file, or the disk fails; where only the overwriting failed, the file is deleted all the same.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder belongs to another account.</exception>
    public static void Erase(string path)
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is not null || (file.Exists && file.Length == 0))
            file.Delete();
        else if (file.Exists)
            Overwrite(path);
    }

    /// <summary>Erases a file unless somebody writes it at the moment.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Whether it is gone.</returns>
    /// <exception cref="IOException">The disk fails.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder belongs to another account.</exception>
    public static bool TryErase(string path)
    {
        try
        {
            Overwrite(path);
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (IOException error) when (IsInUse(error))
        {
            return false;
        }
    }

    /// <summary>Whether an error says that somebody else holds the file.</summary>
    /// <param name="error">From opening a file.</param>
    public static bool IsInUse(IOException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.HResult == SharingViolation;
    }

    // Held until the name is gone, so that no writer finds the file half erased.
    private static void Overwrite(string path)
    {
        using FileStream stream = OpenForErasing(path);

        // Who held the file may have renamed it before it let go: what is open here is then the file under its new name.
        if (!File.Exists(path))
            return;
        try
        {
            byte[] zeros = new byte[(int)Math.Clamp(stream.Length, 1, EraseBlock)];
            for (long left = stream.Length; left > 0; left -= zeros.Length)
                stream.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
            stream.Flush(flushToDisk: true);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static FileStream OpenForErasing(string path)
    {
        // Windows deletes an open file only where it was opened for that; either way nobody else may have it open for writing.
        if (OperatingSystem.IsWindows())
            return Open(path, FileMode.Open, FileAccess.Write, FileShare.Delete);
        try
        {
            return Open(path, FileMode.Open, FileAccess.Write, FileShare.None);
        }
        catch (UnauthorizedAccessException)
        {
            File.SetUnixFileMode(path, OwnerFile);
            return Open(path, FileMode.Open, FileAccess.Write, FileShare.None);
        }
    }
}
