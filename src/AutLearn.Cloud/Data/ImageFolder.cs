using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Opens image sets that are stored as <c>folder/label/*.jpg</c>, as <c>folder/train/label/*.jpg</c> beside <c>test</c>, or as photos without labels.</summary>
internal static class ImageFolder
{
    /// <summary>Opens a folder whose sub-folders are the classes, or the parts of the data with the classes in them.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="known">The model's class names, which the sub-folders must be among; empty to take the sub-folders for the classes.</param>
    /// <param name="classCount">The number of classes of the model; null where any number is right.</param>
    /// <param name="match">How the sub-folders are the model's classes.</param>
    /// <exception cref="DataFileException">The folder is missing, holds no image, or has a sub-folder of no known class.</exception>
    public static ImageSet OpenLabelled(string folder, ImmutableArray<string> known, int? classCount = null, ClassMatch match = ClassMatch.Name)
    {
        var notes = new DataNotes();
        var files = new LabelledFiles(folder, notes);
        string[] folders = PhotoFiles.Folders(folder, notes);
        notes.LoosePhotos = PhotoFiles.CountIn(folder);
        bool isDivided = folders.Length > 0 && folders.All(f => DataParts.Of(Path.GetFileName(f)) is not null && PhotoFiles.Folders(f, new()).Length > 0);
        int photos = isDivided
            ? folders.Sum(part => AddClasses(PhotoFiles.Folders(part, notes), DataParts.Of(Path.GetFileName(part)), files, notes))
            : AddClasses(folders, null, files, notes);
        if (photos == 0)
            throw new DataFileException(folder, $"has no images in sub-folders named after their class (folder/label/{PhotoFiles.Readable}).");
        return files.ToSet(known, classCount, match);
    }

    /// <summary>Opens the images of one folder without labels.</summary>
    /// <exception cref="DataFileException">The folder is missing or holds no image.</exception>
    public static ImageSet OpenUnlabelled(string folder, ImmutableArray<string> classes)
    {
        var notes = new DataNotes();
        ImmutableArray<string> files = [.. PhotoFiles.Below(folder, notes)];
        if (files.IsEmpty)
            throw new DataFileException(folder, $"has no images ({PhotoFiles.Readable}).");
        return new([.. Enumerable.Repeat(-1, files.Length)], classes, (i, minSide) => ImageFile.Decode(files[i], minSide), i => files[i]) { Notes = notes };
    }

    /// <summary>Lists the classes of a folder: its visible sub-folders that hold photos, in order.</summary>
    /// <exception cref="DataFileException">The folder is missing or has no classes.</exception>
    public static ImmutableArray<string> ClassesOf(string folder) => OpenLabelled(folder, []).Classes;

    /// <summary>Tells whether a folder's sub-folders hold the images; those beside them then belong to no class.</summary>
    /// <exception cref="DataFileException">The folder is missing or cannot be listed.</exception>
    public static bool IsLabelled(string folder) => PhotoFiles.Folders(folder, new()).Any(f => PhotoFiles.Below(f, new()).Count > 0);

    private static int AddClasses(string[] folders, DataPart? part, LabelledFiles files, DataNotes notes)
    {
        int count = 0;
        foreach (string folder in folders)
        {
            List<string> photos = PhotoFiles.Below(folder, notes);
            if (photos.Count == 0)
                notes.EmptyFolders.Add(folder);
            foreach (string photo in photos)
                files.Add(photo, Path.GetFileName(folder), folder, part);
            count += photos.Count;
        }

        return count;
    }
}
