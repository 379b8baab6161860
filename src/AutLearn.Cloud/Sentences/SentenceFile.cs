using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Sentences;

/// <summary>Reads sentences: plain lines, <c>label TAB sentence</c>, and tables (<c>.csv</c>, <c>.tsv</c>), also packed as <c>.gz</c>.</summary>
internal static class SentenceFile
{
    /// <summary>Tells by the name whether a file holds nothing but text.</summary>
    public static bool IsText(string path) => TextFile.Extension(path) == ".txt";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="need">Whether the sentences shall carry labels.</param>
    /// <param name="textColumn">The column of the sentences, by name or number from 1; null to find it.</param>
    /// <param name="labelColumn">The column of the labels, by name or number from 1; null to find it.</param>
    /// <exception cref="DataFileException">The file is missing, damaged, or labelled where that is refused; or a label is missing.</exception>
    /// <exception cref="Terminal.UsageException">A named column is not there.</exception>
    public static SentenceSet Read(string path, LabelNeed need, string? textColumn = null, string? labelColumn = null)
    {
        if (DelimitedFile.IsTable(path))
            return Table(path, DelimitedFile.Read(path), need, textColumn, labelColumn);
        List<(int Row, string Line)> lines = TextFile.Lines(path);
        if (lines.Count == 0)
            throw new DataFileException(path, "holds no sentence.");
        bool isNamed = textColumn is not null || labelColumn is not null;
        int plain = lines.FindIndex(l => !l.Line.Contains('\t', StringComparison.Ordinal));
        if (plain < 0)
            return Table(path, Split(lines), need, textColumn, labelColumn);
        if (isNamed)
            throw new DataFileException(path, $"has no columns to name: row {lines[plain].Row} has no tab.");
        if (need == LabelNeed.Needed)
            throw new DataFileException(path, $"row {lines[plain].Row} has no label: expected the label, a tab and the sentence.");
        return new(path, [.. lines.Select(l => new LabelledSentence(null, l.Line))], null);
    }

    // Where rows have different numbers of tabs, the first ends the label and the others belong to the sentence.
    private static List<DelimitedRow> Split(List<(int Row, string Line)> lines)
    {
        int tabs = lines[0].Line.Count(c => c == '\t');
        bool isTable = lines.TrueForAll(l => l.Line.Count(c => c == '\t') == tabs);
        return [.. lines.Select(l => new DelimitedRow(l.Row, isTable ? l.Line.Split('\t') : l.Line.Split('\t', 2)))];
    }

    private static SentenceSet Table(string path, List<DelimitedRow> rows, LabelNeed need, string? textColumn, string? labelColumn)
    {
        SentenceColumns columns = SentenceColumns.Find(path, rows, textColumn, labelColumn, need);
        if (need == LabelNeed.Refused && columns.Label is not null && textColumn is null)
            throw new DataFileException(path, $"holds labelled sentences ({columns.Description}). Give --labelled to keep each label beside its sentence, or --text-column to leave the labels out.");
        var sentences = new List<LabelledSentence>(rows.Count);
        foreach (DelimitedRow row in rows.Skip(columns.HasHeader ? 1 : 0))
        {
            string? label = need is LabelNeed.Needed or LabelNeed.Optional && columns.Label is { } column ? row.Cells[column].Trim() : null;
            if (label is { Length: 0 })
                throw new DataFileException(path, $"row {row.Line} has no label.");
            string text = row.Cells[columns.Text];
            if (!string.IsNullOrWhiteSpace(text))
                sentences.Add(new(label, text, columns.Part is { } part ? DataParts.Of(row.Cells[part]) : null));
            else if (label is not null)
                throw new DataFileException(path, $"row {row.Line} has a label but no text.");
        }

        return sentences.Count > 0 ? new(path, sentences, columns.Description) : throw new DataFileException(path, "holds no sentence.");
    }
}
