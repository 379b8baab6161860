using System.IO.Enumeration;

namespace AutLearn.Samples.Gallery;

/// <summary>Lists the photos of a folder: its regular files and those of its folders, but nothing behind a link.</summary>
internal static class PhotoFolder
{
    private const int MaxPhotos = 10_000;

    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".png"] = "image/png",
        [".webp"] = "image/webp",
        [".gif"] = "image/gif",
        [".bmp"] = "image/bmp",
    };

    /// <exception cref="AutLearnException">There is no such folder, or it has no photo.</exception>
    public static Photo[] List(string folder)
    {
        if (!Directory.Exists(folder))
            throw new AutLearnException($"There is no folder '{folder}'. Name a folder of photos with --photos.");
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 8 };
        var files = new FileSystemEnumerable<string>(Path.GetFullPath(folder), (ref FileSystemEntry entry) => entry.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => IsPhoto(ref entry),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !PhotoFile.IsLink(entry.ToFileSystemInfo()),
        };
        Photo[] photos =
        [
            .. files.Take(MaxPhotos)
                .Select(p => (Path: p, Name: Path.GetRelativePath(folder, p).Replace('\\', '/')))
                .OrderBy(p => p.Name, StringComparer.Ordinal)
                .Select((p, i) => new Photo(i, p.Name, Path.GetFullPath(p.Path))),
        ];
        return photos.Length > 0
            ? photos
            : throw new AutLearnException($"The folder '{folder}' has no photo ({string.Join(", ", ContentTypes.Keys)}).");
    }

    public static string ContentType(Photo photo) => ContentTypes[Path.GetExtension(photo.Path)];

    // Without a length it is a pipe, a socket, a device or nothing to see; what it is when it is read, PhotoFile checks again.
    private static bool IsPhoto(ref FileSystemEntry entry) =>
        !entry.IsDirectory
        && ContentTypes.ContainsKey(Path.GetExtension(entry.FileName).ToString())
        && entry.Length > 0
        && !PhotoFile.IsLink(entry.ToFileSystemInfo());
}
