using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>What of a folder or table was taken, and what was not.</summary>
/// <remarks>For one thread.</remarks>
internal sealed class DataNotes
{
    /// <summary>Gets folders that hold no photo, though they stand where classes do.</summary>
    public List<string> EmptyFolders { get; } = [];

    /// <summary>Gets folders of the system or of other programs.</summary>
    public List<string> HiddenFolders { get; } = [];

    /// <summary>Gets the number of hidden files, such as what macOS and Windows leave beside photos.</summary>
    public int HiddenFiles { get; set; }

    /// <summary>Gets the number of photos beside the class folders, which belong to no class.</summary>
    public int LoosePhotos { get; set; }

    /// <summary>Gets the number of files that are no photos, by ending.</summary>
    public SortedDictionary<string, int> OtherFiles { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets the model's classes that the data have no photo of.</summary>
    public ImmutableArray<string> MissingClasses { get; set; } = [];

    /// <summary>Counts a file that is no photo.</summary>
    public void AddOther(string path)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        OtherFiles[ending] = OtherFiles.GetValueOrDefault(ending) + 1;
    }
}
