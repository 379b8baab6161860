using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Opens a CSV or TSV file whose rows name a photo and its class, and perhaps the part of the data that it belongs to.</summary>
/// <remarks>The header says which column is which; photos are found from the table's own folder.</remarks>
internal static class ImageTable
{
    private const int LongestCell = 32_768;

    private static readonly string[] FileNames = ["FILE", "FILENAME", "FILE_NAME", "FILEPATH", "FILE_PATH", "PATH", "IMAGE", "IMAGE_PATH", "IMAGE_ID", "PHOTO", "NAME"];
    private static readonly string[] LabelNames = ["LABEL", "LABELS", "CLASS", "CLASS_NAME", "CATEGORY", "TARGET", "SPECIES"];
    private static readonly string[] PartNames = ["SPLIT", "PART", "SET", "SUBSET"];

    /// <summary>Opens a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="known">The model's class names; empty where it names none.</param>
    /// <param name="classCount">The number of the model's classes; null where any number is right.</param>
    /// <param name="match">How the table's classes are the model's.</param>
    /// <exception cref="DataFileException">The table is damaged, lacks a column, or names a photo or class that is not there.</exception>
    public static ImageSet Open(string path, ImmutableArray<string> known, int? classCount = null, ClassMatch match = ClassMatch.Name)
    {
        var notes = new DataNotes();
        var files = new LabelledFiles(path, notes);
        List<DelimitedRow> rows = DelimitedFile.Read(path);
        (int file, int label, int part) = Columns(rows[0].Cells, path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (DelimitedRow row in rows.Skip(1))
        {
            string place = $"{path}, row {row.Line}";
            string photo = Cell(row.Cells[file], "file", place), name = Cell(row.Cells[label], "label", place);
            string full = Path.GetFullPath(photo.Replace('\\', '/'), folder);
            if (!File.Exists(full))
                throw new DataFileException(place, $"there is no file '{photo}' in '{folder}'.");
            DataPart? set = part < 0 ? null : DataParts.Of(row.Cells[part]) ?? throw new DataFileException(place, $"'{row.Cells[part]}' is no part of the data: train, validation or test.");
            files.Add(full, name, place, set);
        }

        return rows.Count == 1 ? throw new DataFileException(path, "has no rows below its header.") : files.ToSet(known, classCount, match);
    }

    private static (int File, int Label, int Part) Columns(string[] header, string path)
    {
        string[] names = [.. header.Select(h => h.Trim('\uFEFF', ' ', '"').ToUpperInvariant())];
        int file = Array.FindIndex(names, n => FileNames.Contains(n)), label = Array.FindIndex(names, n => LabelNames.Contains(n));
        return file >= 0 && label >= 0
            ? (file, label, Array.FindIndex(names, n => PartNames.Contains(n)))
            : throw new DataFileException(path, $"its first line must name a column 'file' and a column 'label' (and may name 'split'); it says {string.Join(", ", header.Take(10).Select(h => $"'{h}'"))}.");
    }

    private static string Cell(string text, string column, string place)
    {
        text = text.Trim();
        return text.Length == 0 ? throw new DataFileException(place, $"the {column} is empty.")
            : text.Length > LongestCell || text.Contains('\0', StringComparison.Ordinal) ? throw new DataFileException(place, $"the {column} is no name: it has {text.Length} characters, or one that no name has.")
            : text;
    }
}
