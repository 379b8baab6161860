using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Opens image sets that are stored as <c>folder/label/*.jpg</c> or as one folder of unlabelled photos.</summary>
internal static class ImageFolder
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];

    /// <summary>Opens a folder whose sub-folders are the classes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="knownClasses">The model's class names, which the sub-folders must be among; empty to number the sub-folders by name.</param>
    /// <param name="classCount">The number of classes of the model, for numbered sub-folders; null where unknown.</param>
    /// <exception cref="DataFileException">The folder is missing, holds no image, or has a sub-folder of no known class.</exception>
    public static ImageSet OpenLabelled(string folder, ImmutableArray<string> knownClasses, int? classCount = null)
    {
        string[] subfolders = List(folder, Directory.EnumerateDirectories);
        ImmutableArray<string> names = [.. subfolders.Select(s => Path.GetFileName(s)!)];
        ImmutableArray<string> classes = knownClasses.IsEmpty ? names : knownClasses;
        if (knownClasses.IsEmpty && classCount is { } count && names.Length > count)
            throw new DataFileException(folder, $"has {names.Length} sub-folders, but the model has {count} classes.");
        var labels = ImmutableArray.CreateBuilder<int>();
        var files = ImmutableArray.CreateBuilder<string>();
        for (int i = 0; i < subfolders.Length; i++)
        {
            int label = classes.IndexOf(names[i]);
            string[] images = [.. Images(subfolders[i])];
            if (label < 0 && images.Length > 0)
                throw new DataFileException(subfolders[i], $"'{names[i]}' is none of the model's {classes.Length} classes.");
            files.AddRange(images);
            labels.AddRange(Enumerable.Repeat(label, images.Length));
        }

        if (files.Count == 0)
            throw new DataFileException(folder, "has no images in sub-folders named after their class (folder/label/*.jpg, .png, .webp or .bmp).");
        return FromFiles(files.ToImmutable(), labels.ToImmutable(), classes);
    }

    /// <summary>Opens the images of one folder without labels.</summary>
    /// <exception cref="DataFileException">The folder is missing or holds no image.</exception>
    public static ImageSet OpenUnlabelled(string folder, ImmutableArray<string> classes)
    {
        ImmutableArray<string> files = [.. Images(folder)];
        if (files.IsEmpty)
            throw new DataFileException(folder, "has no images (*.jpg, .png, .webp or .bmp).");
        return FromFiles(files, [.. Enumerable.Repeat(-1, files.Length)], classes);
    }

    /// <summary>Tells whether a folder holds images itself, rather than in sub-folders.</summary>
    public static bool HoldsImages(string folder) => Images(folder).Any();

    private static ImageSet FromFiles(ImmutableArray<string> files, ImmutableArray<int> labels, ImmutableArray<string> classes) =>
        new(labels, classes, (i, minSide) => ImageFile.Decode(files[i], minSide), i => files[i]);

    private static IEnumerable<string> Images(string folder) =>
        List(folder, Directory.EnumerateFiles).Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase));

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
