using System.Buffers;
using System.Diagnostics;
using AutLearn.Cache.Disk;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Stores;

/// <summary>Small files about a person: of their owner alone (0600), replaced as a whole, sealed with the profile's key, erased without a trace.</summary>
/// <remarks>
/// A file is written beside its place under a name of its own, <c>NAME.32 hexadecimal digits.tmp</c>, and held open until it is renamed: what a
/// kill leaves is found by its name and erased by <see cref="Sweep"/>, and no other process takes it for dead before. Safe for use by several
/// threads and processes.
/// </remarks>
public static class PersonalFile
{
    private const string TemporaryExtension = ".tmp";
    private const int TemporaryNameLength = 32;
    private const int CreationAttempts = 16;
    private const string CreationExtension = ".first";
    private static readonly TimeSpan CreationLimit = TimeSpan.FromSeconds(10);

    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Replaces a file: after a crash the old or the new content stands, never a part.</summary>
    /// <param name="path">The file; its folder must exist and stays as it is.</param>
    /// <param name="content">The content.</param>
    /// <param name="key">Seals the content, bound to the file's name; null leaves it plain.</param>
    /// <exception cref="ProfileKeyException">The key was made before and is missing; what was there is intact.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there is intact.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is closed to this account.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, ProfileKey? key = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Write(path, content, key, PurposeOf(path));
    }

    /// <summary>Reads a file whole. A plain file from before there was a key is read too; the next write seals it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">The key that sealed it; null where it is plain.</param>
    /// <exception cref="InvalidArtifactException">The file is damaged, of another name, sealed with another key, or sealed and no key given.</exception>
    /// <exception cref="ProfileKeyException">The file is sealed, and the key was made before and is missing.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static byte[] Read(string path, ProfileKey? key = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(DeviceFileSystem.Instance.Read(path), key, PurposeOf(path), path).ToArray();
    }

    /// <summary>Overwrites and deletes a file and what killed writes left beside it; nothing happens where there is nothing.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">Another process holds the file, or the disk fails; call again.</exception>
    public static void Erase(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        if (!Directory.Exists(Path.GetDirectoryName(full)))
            return;
        Sweep(full);
        if (!DeviceFileSystem.Instance.Exists(full))
            return;

        // Under a temporary name, which is swept: a kill must not leave a file of zeros that looks like a key or a state.
        string temporary = TemporaryNameOf(full);
        File.Move(full, temporary);
        DeviceFileSystem.Instance.FlushFolder(Path.GetDirectoryName(full)!);
        PrivateFiles.Erase(temporary);
        DeviceFileSystem.Instance.FlushFolder(Path.GetDirectoryName(full)!);
    }

    /// <summary>Erases what killed writes of a file left beside it; what a live process is writing stays.</summary>
    /// <param name="path">The file, which need not exist.</param>
    /// <exception cref="IOException">The disk fails.</exception>
    public static void Sweep(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder))
            return;
        if (File.Exists(full))
            File.Delete(full + CreationExtension);
        foreach (string file in Directory.EnumerateFiles(folder).Where(f => IsTemporaryOf(full, f)).ToArray())
            _ = PrivateFiles.TryErase(file);
    }

    internal static void Write(string path, ReadOnlySpan<byte> content, ProfileKey? key, string purpose)
    {
        string full = Path.GetFullPath(path);
        CheckPlace(full);
        ReadOnlySpan<byte> bytes = key is null ? content : key.Seal(content, purpose);
        Sweep(full);
        Replace(full, bytes);
    }

    /// <summary>Creates a file whole unless there is one, however many try at once.</summary>
    /// <returns>Whether this call created it; if not, it stands there whole.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal static bool TryCreate(string path, ReadOnlySpan<byte> content)
    {
        // No platform renames without replacing everywhere. So all creators share one temporary name and hold it until the file stands.
        string full = Path.GetFullPath(path);
        long start = Stopwatch.GetTimestamp();
        while (!DeviceFileSystem.Instance.Exists(full))
        {
            try
            {
                using FileStream stream = PrivateFiles.Open(
                    full + CreationExtension, FileMode.OpenOrCreate, FileAccess.Write, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);

                // Who waited holds what has meanwhile become the file, or a name that nobody needs any more.
                if (DeviceFileSystem.Instance.Exists(full))
                    break;
                stream.SetLength(0);
                stream.Write(content);
                stream.Flush(flushToDisk: true);
                File.Move(stream.Name, full);
                DeviceFileSystem.Instance.FlushFolder(Path.GetDirectoryName(full)!);
                return true;
            }
            catch (IOException error) when (PrivateFiles.IsInUse(error) && Stopwatch.GetElapsedTime(start) < CreationLimit)
            {
                // Another creator writes, which takes no longer than a flush.
                Thread.Yield();
            }
        }

        File.Delete(full + CreationExtension);
        return false;
    }

    /// <summary>Opens content that may be sealed.</summary>
    internal static ReadOnlyMemory<byte> Open(byte[] bytes, ProfileKey? key, string purpose, string path)
    {
        if (!SealedContent.IsSealed(bytes))
            return bytes;
        return key is not null
            ? key.Unseal(bytes, purpose, path)
            : throw new InvalidArtifactException($"The file '{path}' is sealed. Open it with the key of its profile.") { File = path };
    }

    // What the system says names the temporary file, which nobody knows.
    private static void CheckPlace(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' cannot be written: it is a folder. Give the path of a file.");
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new DirectoryNotFoundException($"'{path}' cannot be written: there is no folder '{Path.GetDirectoryName(path)}'. Create it first.");
    }

    private static void Replace(string path, ReadOnlySpan<byte> content)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                ReplaceOnce(path, content);
                return;
            }
            catch (FileNotFoundException) when (attempt < CreationAttempts)
            {
                // Another writer's sweep took the temporary file between its creation and its lock.
            }
        }
    }

    private static void ReplaceOnce(string path, ReadOnlySpan<byte> content)
    {
        string temporary = "";
        try
        {
            using FileStream stream = CreateTemporary(path);
            temporary = stream.Name;
            stream.Write(content);
            stream.Flush(flushToDisk: true);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            if (temporary.Length > 0)
                PrivateFiles.Erase(temporary);
        }

        DeviceFileSystem.Instance.FlushFolder(Path.GetDirectoryName(path)!);
    }

    // A sweep may catch a new file in the moment before it is held; it is then gone, and another name takes its place.
    private static FileStream CreateTemporary(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return PrivateFiles.Open(TemporaryNameOf(path), FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
            }
            catch (IOException error) when (attempt < CreationAttempts && PrivateFiles.IsInUse(error))
            {
                // Tried again under another name.
            }
            catch (UnauthorizedAccessException error)
            {
                throw new UnauthorizedAccessException($"'{path}' cannot be written: the folder '{Path.GetDirectoryName(path)}' is closed to this account. Open it, or choose another.", error);
            }
        }
    }

    private static string TemporaryNameOf(string path) => $"{path}.{Guid.NewGuid():N}{TemporaryExtension}";

    private static string PurposeOf(string path) => "file/" + Path.GetFileName(path);

    // The second form is that of versions before 0.1 and of stores.
    private static bool IsTemporaryOf(string path, string file) =>
        file.StartsWith(path, StringComparison.Ordinal)
        && file.AsSpan(path.Length) is var rest
        && (rest.SequenceEqual(DurableFile.TemporaryExtension)
            || (rest.Length == 1 + TemporaryNameLength + TemporaryExtension.Length
                && rest[0] == '.'
                && rest.EndsWith(TemporaryExtension, StringComparison.Ordinal)
                && rest.Slice(1, TemporaryNameLength).IndexOfAnyExcept(Hexadecimal) < 0));
}
