namespace AutLearn.Cloud.Data;

/// <summary>Finds photos below a folder, and counts what else lies there.</summary>
internal static class PhotoFiles
{
    private const int DeepestFolder = 32;

    /// <summary>The endings of files that are read, for messages.</summary>
    public const string Readable = "*.jpg, .png, .webp, .gif, .bmp, .tif, .tga or .pbm";

    private static readonly HashSet<string> Photos = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".tga", ".pbm", ".pgm", ".ppm", ".pnm",
    };

    // A person means them as photos: leaving them out without a word would lose data.
    private static readonly HashSet<string> UnreadablePhotos = new(StringComparer.OrdinalIgnoreCase)
    {
        ".heic", ".heif", ".avif", ".jxl", ".jp2", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".raf", ".psd", ".svg",
    };

    private static readonly HashSet<string> SystemFolders = new(StringComparer.OrdinalIgnoreCase)
    {
        "__MACOSX", "__pycache__", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found",
    };

    private static readonly HashSet<string> SystemFiles = new(StringComparer.OrdinalIgnoreCase) { "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r" };

    /// <summary>Tells whether a folder belongs to the system or to a program rather than to a person.</summary>
    public static bool IsHiddenFolder(string path) => Path.GetFileName(path) is var name && (name.StartsWith('.') || SystemFolders.Contains(name));

    /// <summary>Tells whether a file is one that a person means as a photo.</summary>
    public static bool IsPhoto(string path) => !IsHiddenFile(path) && (Photos.Contains(Path.GetExtension(path)) || UnreadablePhotos.Contains(Path.GetExtension(path)));

    /// <summary>Says why a file is not read by its ending; null where it may be read.</summary>
    public static string? Refusal(string path) => UnreadablePhotos.Contains(Path.GetExtension(path))
        ? $"is {Path.GetExtension(path)[1..].ToUpperInvariant()}, which is not read here. Convert it to JPEG or PNG, or leave it out."
        : null;

    /// <summary>Lists the photos of a folder, with those of the folders in it, in order of their names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="notes">Is told what was left out.</param>
    /// <exception cref="DataFileException">A folder cannot be listed.</exception>
    public static List<string> Below(string folder, DataNotes notes)
    {
        var photos = new List<string>();
        Collect(folder, photos, notes, [], 0);
        return photos;
    }

    /// <summary>Lists a folder's visible folders, in order of their names.</summary>
    /// <exception cref="DataFileException">The folder is missing or cannot be listed.</exception>
    public static string[] Folders(string folder, DataNotes notes)
    {
        var visible = new List<string>();
        foreach (string path in List(folder, Directory.EnumerateDirectories))
        {
            if (IsHiddenFolder(path))
                notes.HiddenFolders.Add(path);
            else
                visible.Add(path);
        }

        return [.. visible];
    }

    /// <summary>Counts the photos in a folder itself.</summary>
    /// <exception cref="DataFileException">The folder is missing or cannot be listed.</exception>
    public static int CountIn(string folder) => List(folder, Directory.EnumerateFiles).Count(IsPhoto);

    private static void Collect(string folder, List<string> photos, DataNotes notes, HashSet<string> seen, int depth)
    {
        // A link may lead back to where it stands.
        FileSystemInfo? target = depth > 0 && new DirectoryInfo(folder) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true) : null;
        if (depth > DeepestFolder || !seen.Add(Path.GetFullPath(target?.FullName ?? folder)))
            return;
        foreach (string file in List(folder, Directory.EnumerateFiles))
        {
            if (IsHiddenFile(file))
                notes.HiddenFiles++;
            else if (IsPhoto(file))
                photos.Add(file);
            else
                notes.AddOther(file);
        }

        foreach (string inner in Folders(folder, notes))
            Collect(inner, photos, notes, seen, depth + 1);
    }

    private static bool IsHiddenFile(string path) => Path.GetFileName(path) is var name && (name.StartsWith('.') || SystemFiles.Contains(name));

    private static string[] List(string folder, Func<string, IEnumerable<string>> list)
    {
        try
        {
            return [.. list(folder).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(folder, e is DirectoryNotFoundException ? "the folder does not exist." : $"cannot be listed: {e.Message}", e);
        }
    }
}
