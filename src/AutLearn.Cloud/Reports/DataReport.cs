using System.Collections.Immutable;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Reports;

/// <summary>What of the data was taken, and what was not.</summary>
/// <param name="MissingClasses">The model's classes that the data have no image of.</param>
/// <param name="EmptyFolders">Class folders without an image.</param>
/// <param name="HiddenFolders">Folders of the system or of programs.</param>
/// <param name="HiddenFiles">What systems leave beside photos.</param>
/// <param name="LoosePhotos">Photos beside the class folders.</param>
/// <param name="OtherFiles">Files that are no photos, by ending.</param>
/// <param name="Skipped">Images that could not be decoded.</param>
internal sealed record DataReport(
    ImmutableArray<string> MissingClasses,
    ImmutableArray<string> EmptyFolders,
    ImmutableArray<string> HiddenFolders,
    int HiddenFiles,
    int LoosePhotos,
    ImmutableSortedDictionary<string, int> OtherFiles,
    ImmutableArray<SkippedImage> Skipped)
{
    /// <summary>Reads what a set knows of itself.</summary>
    public static DataReport Of(ImageSet images, ImmutableArray<SkippedImage> skipped)
    {
        DataNotes notes = images.Notes ?? new();
        return new(notes.MissingClasses, [.. notes.EmptyFolders], [.. notes.HiddenFolders], notes.HiddenFiles, notes.LoosePhotos, notes.OtherFiles.ToImmutableSortedDictionary(StringComparer.Ordinal), skipped);
    }
}
