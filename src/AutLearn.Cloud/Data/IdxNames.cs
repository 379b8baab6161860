using System.Text.RegularExpressions;

namespace AutLearn.Cloud.Data;

/// <summary>Finds the files that belong to an IDX file of images by their names: <c>train-images-idx3-ubyte</c> and <c>train-images.idx3-ubyte</c> alike.</summary>
internal static partial class IdxNames
{
    /// <summary>What the labels' file is called, for messages.</summary>
    public const string Rule = "the file beside the images whose name says 'labels' and 'idx1' instead of 'images' and 'idx3' (or 'idx4')";

    /// <summary>Finds the labels beside the images; null where there are none.</summary>
    public static string? Labels(string images) => Sibling(images, "labels", "ubyte");

    /// <summary>Finds the writers beside the images; null where there are none.</summary>
    public static string? Writers(string images) => Sibling(images, "writers", "int");

    private static string? Sibling(string images, string what, string type)
    {
        string name = Path.GetFileName(images);
        string other = Pattern().Replace(name, m => $"{what}{m.Groups[1].Value}idx1-{type}");
        if (other == name)
            return null;
        string folder = Path.GetDirectoryName(images) ?? "";

        // One of the two may have been unpacked.
        string plain = Path.Combine(folder, other);
        string twin = other.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? plain[..^3] : plain + ".gz";
        return File.Exists(plain) ? plain : File.Exists(twin) ? twin : null;
    }

    [GeneratedRegex("images([-._])idx[34]-ubyte", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
