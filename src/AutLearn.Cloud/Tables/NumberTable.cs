using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Tables;

/// <summary>A table of numbers: features, and the columns to tell, a row a sample.</summary>
/// <param name="Path">The file.</param>
/// <param name="Features">The names of the feature columns.</param>
/// <param name="Targets">The names of the columns to tell; empty where there are none.</param>
/// <param name="Lines">Where each row stands in the file, from 1.</param>
/// <param name="Inputs">The features of each row.</param>
/// <param name="Cells">The targets of each row as they stand in the file.</param>
/// <param name="Skipped">What of the file was left out, and why.</param>
internal sealed partial record NumberTable(
    string Path, ImmutableArray<string> Features, ImmutableArray<string> Targets, ImmutableArray<int> Lines, ImmutableArray<float[]> Inputs, ImmutableArray<string[]> Cells, ImmutableArray<string> Skipped)
{
    private static readonly string[] Missing = ["nan", "na", "n/a", "null", "none", "inf", "-inf", "infinity", "-infinity", "?"];

    private const string PartColumn = "split";
    private const int ShownNames = 12;

    /// <summary>Gets the part of each row, by a column 'split'; empty where there is none.</summary>
    public ImmutableArray<DataPart> Parts { get; init; } = [];

    public int Count => Lines.Length;

    /// <summary>Reads a table.</summary>
    /// <param name="path">A CSV or TSV file with a header.</param>
    /// <param name="targets">The columns to tell; must be there where <paramref name="areTargetsNeeded"/>.</param>
    /// <param name="features">The columns to read; empty for all others that are not ignored.</param>
    /// <param name="ignored">Columns to pass over.</param>
    /// <param name="areTargetsNeeded">Whether a file without the targets is refused.</param>
    /// <param name="skipsBad">Whether rows that cannot be used are left out and counted, instead of ending the work.</param>
    /// <exception cref="DataFileException">The file is no such table; the row and the column are named.</exception>
    public static NumberTable Read(string path, IReadOnlyList<string> targets, IReadOnlyList<string> features, IReadOnlyList<string> ignored, bool areTargetsNeeded, bool skipsBad)
    {
        List<DelimitedRow> rows = DelimitedFile.Read(path);
        string[] header = [.. rows[0].Cells.Select(c => c.Trim())];
        if (Array.IndexOf(header, "") is var nameless && nameless >= 0)
            throw new DataFileException(path, $"column {nameless + 1} has no name: the first row must name the columns, each by a name of its own. A separator at the end of each line makes such a column.");
        if (header.GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DataFileException(path, $"two columns are called '{twice.Key}': the first row must name the columns, each by a name of its own.");
        if (header.All(c => Number(c) is not null))
            throw new DataFileException(path, "has no header: the first row, which must name the columns, holds numbers.");
        foreach (string name in features.Concat(ignored).Concat(areTargetsNeeded ? targets : []))
        {
            if (!header.Contains(name, StringComparer.Ordinal))
                throw new DataFileException(path, $"has no column '{name}'. Its columns are {string.Join(", ", header.Take(ShownNames).Select(h => $"'{h}'"))}{(header.Length > ShownNames ? ", ..." : "")}.");
        }

        bool hasTargets = targets.Count > 0 && targets.All(t => header.Contains(t, StringComparer.Ordinal));
        int part = targets.Contains(PartColumn) || features.Contains(PartColumn) || ignored.Contains(PartColumn) ? -1 : Array.FindIndex(header, h => h.Equals(PartColumn, StringComparison.OrdinalIgnoreCase));
        if (part >= 0 && !rows.Skip(1).All(r => DataParts.Of(r.Cells[part]) is not null))
            part = -1;
        string[] read = features.Count > 0 ? [.. features] : [.. header.Where((h, i) => i != part && !targets.Contains(h) && !ignored.Contains(h))];
        if (read.Length == 0)
            throw new DataFileException(path, "has no column beside the targets to learn from.");
        int[] at = [.. read.Select(c => Array.IndexOf(header, c))], told = hasTargets ? [.. targets.Select(c => Array.IndexOf(header, c))] : [];
        var (lines, inputs, cells, parts, skipped) = (new List<int>(), new List<float[]>(), new List<string[]>(), new List<DataPart>(), new List<string>());
        foreach (DelimitedRow row in rows.Skip(1))
        {
            try
            {
                float[] values = [.. at.Select(i => Require(path, row, header, i))];
                foreach (int i in told.Where(i => string.IsNullOrWhiteSpace(row.Cells[i])))
                    throw new DataFileException(path, $"row {row.Line}, column '{header[i]}' is empty.");
                lines.Add(row.Line);
                inputs.Add(values);
                cells.Add([.. told.Select(i => row.Cells[i].Trim())]);
                if (part >= 0)
                    parts.Add(DataParts.Of(row.Cells[part])!.Value);
            }
            catch (DataFileException error) when (skipsBad)
            {
                skipped.Add(error.Message);
            }
        }

        if (lines.Count == 0)
            throw new DataFileException(path, skipped.Count > 0 ? $"holds no row that can be used; the first: {skipped[0]}" : "holds no row below its header.");
        return new(path, [.. read], hasTargets ? [.. targets] : [], [.. lines], [.. inputs], [.. cells], [.. skipped]) { Parts = [.. parts] };
    }

    /// <summary>Reads the targets as numbers.</summary>
    /// <param name="areTags">Whether only 0 and 1 (or no and yes) are allowed.</param>
    /// <exception cref="DataFileException">One is none.</exception>
    public ImmutableArray<float[]> Numbers(bool areTags) =>
        [.. Enumerable.Range(0, Count).Select(r => Enumerable.Range(0, Targets.Length).Select(t => areTags ? Tag(r, t) : Number(Cells[r][t]) ?? throw NoNumber(Path, Lines[r], Targets[t], Cells[r][t])).ToArray())];

    /// <summary>Gets the distinct values of the one target: numbers in order, else names in ordinal order.</summary>
    public ImmutableArray<string> Classes()
    {
        string[] names = [.. Cells.Select(c => c[0]).Distinct(StringComparer.Ordinal)];
        return names.All(n => Number(n) is not null) ? [.. names.OrderBy(n => Number(n))] : [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Reads the one target as a class.</summary>
    /// <exception cref="DataFileException">A row's class is none of these.</exception>
    public ImmutableArray<long> Labels(ImmutableArray<string> classes) => [.. Enumerable.Range(0, Count).Select(r =>
        classes.IndexOf(Cells[r][0], 0, StringComparer.Ordinal) is var label && label >= 0
            ? (long)label
            : throw new DataFileException(Path, $"row {Lines[r]}, column '{Targets[0]}': '{Cells[r][0]}' is none of the {classes.Length} classes: {string.Join(", ", classes.Take(ShownNames))}{(classes.Length > ShownNames ? ", ..." : "")}."))];

    private float Tag(int row, int target) => Cells[row][target].ToLowerInvariant() switch
    {
        "0" or "0.0" or "no" or "false" => 0,
        "1" or "1.0" or "yes" or "true" => 1,
        _ => throw new DataFileException(Path, $"row {Lines[row]}, column '{Targets[target]}': '{Cells[row][target]}' is neither 0 nor 1."),
    };

    private static float Require(string path, DelimitedRow row, string[] header, int column) =>
        Number(row.Cells[column]) ?? throw NoNumber(path, row.Line, header[column], row.Cells[column]);

    private static float? Number(string cell) =>
        float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value) ? value : null;

    private static DataFileException NoNumber(string path, int line, string column, string cell) => new(path, $"row {line}, column '{column}': " + (
        string.IsNullOrWhiteSpace(cell) ? "the cell is empty. Fill it; --skip-bad leaves such rows out."
        : Missing.Contains(cell, StringComparer.OrdinalIgnoreCase) ? $"'{cell}' stands for no number. Fill it; --skip-bad leaves such rows out."
        : double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? $"'{cell}' is beyond the numbers that a network holds, 3.4e38. Scale the column."
        : Thousands().IsMatch(cell) ? $"'{cell}' may have a separator of thousands or a decimal comma: write {cell.Replace(",", "", StringComparison.Ordinal)} or {cell.Replace(',', '.')}."
        : Number(cell.Replace(',', '.')) is not null ? $"'{cell}' has a decimal comma; write {cell.Replace(',', '.')}."
        : $"'{cell}' is no number. Encode the column as numbers, or pass over it with --ignore '{column}'."));

    [GeneratedRegex(@"^[+-]?[0-9]{1,3}(,[0-9]{3})+$", RegexOptions.CultureInvariant)]
    private static partial Regex Thousands();
}
