using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Reads files of class names.</summary>
internal static class ClassNames
{
    /// <summary>What a person may give, in words.</summary>
    public const string Kinds = "a file of class names, one a line, of a .tsv file the last column, below a header line; or a folder whose sub-folders are the classes, in alphabetical order";

    /// <summary>Reads one name a line; of a <c>.tsv</c> file the last column, below a header line; of a folder the names of its class folders.</summary>
    /// <exception cref="DataFileException">The file or folder is missing or holds no name.</exception>
    public static ImmutableArray<string> Read(string path)
    {
        if (Directory.Exists(path))
            return ImageFolder.ClassesOf(path);
        var lines = new List<string>();
        try
        {
            using var reader = new StreamReader(RegularFile.OpenRead(path));
            while (reader.ReadLine() is { } line)
                lines.Add(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }

        bool isTable = Path.GetExtension(path).Equals(".tsv", StringComparison.OrdinalIgnoreCase);
        ImmutableArray<string> names =
        [
            .. lines.Skip(isTable ? 1 : 0).Where(l => l.Trim().Length > 0).Select(l => isTable ? l[(l.LastIndexOf('\t') + 1)..].Trim() : l.Trim()),
        ];
        return names.IsEmpty ? throw new DataFileException(path, "holds no class names.") : names;
    }
}
