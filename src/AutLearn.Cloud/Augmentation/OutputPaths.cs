using AutLearn.Cloud.Data;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Tries where results go before long work begins, so that none is lost to a path that cannot be written. Leaves nothing behind.</summary>
internal sealed class OutputPaths
{
    private const string PngExtension = ".png";

    private readonly Dictionary<string, string> _owners = [];

    /// <summary>Tries a file that will be replaced as a whole.</summary>
    /// <param name="option">Whose value it is.</param>
    /// <param name="path">The file; null for none.</param>
    /// <exception cref="DataFileException">It cannot be written.</exception>
    /// <exception cref="UsageException">Another output goes there.</exception>
    public OutputPaths File(string option, string? path)
    {
        if (path is null)
            return this;
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(path))
            throw new DataFileException(path, $"is a folder, but {option} names a file to write.");
        Own(option, full);
        TryFolder(option, path, Path.GetDirectoryName(full)!);
        return this;
    }

    /// <summary>Tries a picture; a name without an extension gets one, as no viewer would open it otherwise.</summary>
    /// <param name="option">Whose value it is.</param>
    /// <param name="path">The file; null for none.</param>
    /// <param name="png">The file to write; null for none.</param>
    /// <exception cref="DataFileException">It cannot be written.</exception>
    /// <exception cref="UsageException">Another output goes there, or the name is that of another kind of file.</exception>
    public OutputPaths Png(string option, string? path, out string? png)
    {
        File(option, path);
        png = path is null || Path.HasExtension(path) ? path : path + PngExtension;
        if (png is not null && !Path.GetExtension(png).Equals(PngExtension, StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"Option {option} writes a PNG file, such as '{Path.ChangeExtension(png, PngExtension)}', not '{png}'.");
        return png == path ? this : File(option, png);
    }

    /// <summary>Tries a file that will be written in place.</summary>
    /// <inheritdoc cref="File"/>
    public OutputPaths FileInPlace(string option, string? path)
    {
        File(option, path);
        if (path is null || !System.IO.File.Exists(path))
            return this;
        try
        {
            using FileStream _ = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(option, path, e);
        }

        return this;
    }

    /// <summary>Tries a folder that will take files.</summary>
    /// <inheritdoc cref="File"/>
    public OutputPaths Folder(string option, string? path)
    {
        if (path is null)
            return this;
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (System.IO.File.Exists(full))
            throw new DataFileException(path, $"is a file, but {option} names a folder.");
        Own(option, full);
        TryFolder(option, path, full);
        return this;
    }

    private void Own(string option, string full)
    {
        if (!_owners.TryAdd(full, option))
            throw new UsageException($"Options {_owners[full]} and {option} both write '{full}'.");
    }

    // What does not exist yet is created when it is needed: here it is enough that the nearest folder above takes a file.
    private static void TryFolder(string option, string path, string folder)
    {
        string nearest = folder;
        while (!Path.Exists(nearest) && Path.GetDirectoryName(nearest) is { } above)
            nearest = above;
        try
        {
            using FileStream _ = new(Path.Combine(nearest, $".autlearn-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(option, path, e);
        }
    }

    private static DataFileException Refused(string option, string path, Exception e) =>
        new(path, $"cannot be written ({option}): {e.Message}", e);
}
