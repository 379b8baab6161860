using System.Collections.Immutable;
using System.Globalization;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Sentences;

/// <summary>Which columns of a table hold the sentences and their labels.</summary>
internal sealed class SentenceColumns
{
    private const int LongestLabel = 64;

    // A column of classes repeats itself; one of sentences hardly does.
    private const int RowsPerLabel = 2;

    private const int MuchLonger = 2;

    private static readonly ImmutableHashSet<string> TextNames = Names("text sentence tweet content review message question phrase comment body utterance document headline post sms");
    private static readonly ImmutableHashSet<string> LabelNames = Names("label labels class category target sentiment polarity intent emotion topic y");

    private static readonly ImmutableHashSet<string> PartNames = Names("split part set subset");

    private SentenceColumns(int text, int? label, int? part, bool hasHeader, string description) => (Text, Label, Part, HasHeader, Description) = (text, label, part, hasHeader, description);

    public int Text { get; }

    public int? Label { get; }

    /// <summary>Gets the column that says what each row was set aside for.</summary>
    public int? Part { get; }

    public bool HasHeader { get; }

    /// <summary>Gets what is read and what is left out.</summary>
    public string Description { get; }

    /// <summary>Finds the columns: those that were named, those whose header says so, or where there is no header the one whose cells repeat like classes.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="rows">All rows, of equal length.</param>
    /// <param name="text">A name or number (from 1); null to find it.</param>
    /// <param name="label">A name or number (from 1); null to find it.</param>
    /// <param name="need">Whether labels are wanted.</param>
    /// <exception cref="DataFileException">They cannot be found.</exception>
    /// <exception cref="UsageException">A named column is not there.</exception>
    public static SentenceColumns Find(string path, IReadOnlyList<DelimitedRow> rows, string? text, string? label, LabelNeed need)
    {
        string[] header = rows[0].Cells;
        bool hasHeader = header.Any(c => TextNames.Contains(c.Trim()) || LabelNames.Contains(c.Trim())) || IsNamed(header, text) || IsNamed(header, label);
        int? textColumn = Named(path, header, hasHeader, text, "--text-column");
        int? labelColumn = Named(path, header, hasHeader, label, "--label-column");
        if (textColumn is { } both && labelColumn == both)
            throw new UsageException("--text-column and --label-column name the same column.");
        if (hasHeader)
        {
            textColumn ??= Only(header, TextNames, labelColumn);
            labelColumn ??= Only(header, LabelNames, textColumn);
        }

        if (header.Length == 1)
            textColumn ??= 0;
        if (header.Length == 2)
        {
            if (textColumn is null && labelColumn is null && LabelLike([.. rows.Skip(hasHeader ? 1 : 0)]) is { } found)
                labelColumn = found;
            if (textColumn is null && labelColumn is null && need == LabelNeed.Needed)
                labelColumn = 0;
            textColumn ??= 1 - labelColumn;
            if (need == LabelNeed.Needed)
                labelColumn ??= 1 - textColumn;
        }

        if (textColumn is null)
            throw new DataFileException(path, $"which of its {header.Length} columns holds the text? {Shown(header, hasHeader)} Name it with --text-column{(need == LabelNeed.Needed ? ", and that of the labels with --label-column" : "")}.");
        if (need == LabelNeed.Needed && labelColumn is null)
            throw new DataFileException(path, $"{(header.Length == 1 ? "has no labels: it has one column." : $"which of its {header.Length} columns holds the labels? {Shown(header, hasHeader)} Name it with --label-column.")}");
        string description = $"text: {NameOf(textColumn.Value)}";
        if (labelColumn is { } used && need != LabelNeed.Ignored)
            description += $", labels: {NameOf(used)}";
        int? partColumn = need != LabelNeed.Refused && hasHeader ? PartColumn(rows, header, textColumn.Value, labelColumn) : null;
        if (partColumn is { } parts)
            description += $", parts: {NameOf(parts)}";
        string[] left = [.. Enumerable.Range(0, header.Length).Where(c => c != textColumn && c != partColumn && (c != labelColumn || need == LabelNeed.Ignored)).Select(NameOf)];
        return new(textColumn.Value, labelColumn, partColumn, hasHeader, left.Length == 0 ? description : $"{description}; left out: {string.Join(", ", left)}");

        string NameOf(int column) => hasHeader ? header[column].Trim() : string.Create(CultureInfo.InvariantCulture, $"column {column + 1}");
    }

    private static bool IsNamed(string[] header, string? name) => name is not null && header.Any(c => c.Trim().Equals(name, StringComparison.OrdinalIgnoreCase));

    private static int? Named(string path, string[] header, bool hasHeader, string? name, string option)
    {
        if (name is null)
            return null;
        int[] found = [.. Enumerable.Range(0, header.Length).Where(i => header[i].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))];
        if (found.Length == 1)
            return found[0];
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= header.Length)
            return number - 1;
        throw new UsageException($"{option} '{name}': {path} has {(found.Length > 1 ? "several columns of this name" : "no such column")}. {Shown(header, hasHeader)}");
    }

    private static int? Only(string[] header, ImmutableHashSet<string> names, int? taken)
    {
        int[] found = [.. Enumerable.Range(0, header.Length).Where(i => i != taken && names.Contains(header[i].Trim()))];
        return found.Length == 1 ? found[0] : null;
    }

    // Only where every row names a part.
    private static int? PartColumn(IReadOnlyList<DelimitedRow> rows, string[] header, int text, int? label) =>
        Only(header, PartNames, text) is { } found && found != label && rows.Skip(1).All(r => DataParts.Of(r.Cells[found]) is not null) ? found : null;

    // The one of two columns that holds classes, where both may the one that is much shorter; null where that cannot be told.
    private static int? LabelLike(DelimitedRow[] rows)
    {
        bool first = IsLabels(rows, 0), second = IsLabels(rows, 1);
        if (first != second)
            return first ? 0 : 1;
        long firstLength = rows.Sum(r => (long)r.Cells[0].Length), secondLength = rows.Sum(r => (long)r.Cells[1].Length);
        return !first ? null : firstLength * MuchLonger <= secondLength ? 0 : secondLength * MuchLonger <= firstLength ? 1 : null;
    }

    private static bool IsLabels(DelimitedRow[] rows, int column)
    {
        var distinct = new HashSet<string>(StringComparer.Ordinal);
        foreach (DelimitedRow row in rows)
        {
            string cell = row.Cells[column];
            if (cell.Length is 0 or > LongestLabel)
                return false;
            distinct.Add(cell);
        }

        return distinct.Count * RowsPerLabel <= rows.Length || rows.All(r => long.TryParse(r.Cells[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));
    }

    private static string Shown(string[] header, bool hasHeader)
    {
        const int Longest = 24;
        return $"{(hasHeader ? "They are" : "The first row is")} {string.Join(", ", header.Take(8).Select(c => $"'{(c.Length > Longest ? c[..Longest] + "..." : c)}'"))}{(header.Length > 8 ? ", ..." : "")}.";
    }

    private static ImmutableHashSet<string> Names(string names) => names.Split(' ').ToImmutableHashSet(StringComparer.OrdinalIgnoreCase);
}
