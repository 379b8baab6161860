using AutLearn.Cache.Disk;

namespace AutLearn.Runtime.Stores;

/// <summary>The file operations that stores rest on, small enough that a test can crash after each of them.</summary>
/// <remarks>Nothing is durable before it is flushed: content by <see cref="Flush"/>, names by <see cref="FlushFolder"/>.</remarks>
public interface IFileSystem
{
    /// <summary>Creates a folder and its parents where they are absent, for the owner alone; one that is there keeps its mode.</summary>
    void CreateFolder(string folder);

    /// <summary>Closes a file to other accounts if it is there.</summary>
    void Protect(string path);

    /// <summary>Lists the full paths of a folder's files, in ordinal order; none if the folder is absent.</summary>
    IReadOnlyList<string> ListFiles(string folder);

    /// <summary>Whether anything bears a name: a file of any kind, a folder, or a link, wherever it leads.</summary>
    bool Exists(string path);

    /// <summary>Keeps an existing folder for one owner, in all processes, until the result is disposed or the process ends; never waits.</summary>
    /// <exception cref="FolderInUseException">Another owner has it.</exception>
    IDisposable Lock(string folder);

    /// <summary>Reads a whole file; never waits for one that is no regular file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is no regular file, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not read it.</exception>
    byte[] Read(string path);

    /// <summary>Writes a whole file of the owner alone, replacing what was there.</summary>
    void Write(string path, ReadOnlySpan<byte> content);

    /// <summary>Writes over the beginning of a file that is there; its room stays its own, so that a full disk does not matter.</summary>
    void Overwrite(string path, ReadOnlySpan<byte> content);

    /// <summary>Waits until a file's content is on the disk.</summary>
    void Flush(string path);

    /// <summary>Renames a file, replacing the target.</summary>
    void Rename(string path, string target);

    /// <summary>Waits until the names in a folder are on the disk.</summary>
    void FlushFolder(string folder);

    /// <summary>Deletes a file if it is there.</summary>
    void Delete(string path);

    /// <summary>Overwrites a file where it stands, waits for the disk, and deletes it, if it is there.</summary>
    void Erase(string path);
}
