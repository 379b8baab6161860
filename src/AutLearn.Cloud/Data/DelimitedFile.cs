using nietras.SeparatedValues;

namespace AutLearn.Cloud.Data;

/// <summary>Reads tables: <c>.csv</c> with commas or semicolons (RFC 4180) and <c>.tsv</c> with tabs, also packed as <c>.gz</c>.</summary>
internal static class DelimitedFile
{
    private const int MostColumns = 4096;

    /// <summary>Tells by the name whether a file is a table.</summary>
    public static bool IsTable(string path) => TextFile.Extension(path) is ".csv" or ".tsv";

    /// <summary>Reads all rows, the header among them; blank lines are left out.</summary>
    /// <exception cref="DataFileException">The file is missing, no UTF-8 or no table, or rows have different numbers of cells.</exception>
    public static List<DelimitedRow> Read(string path)
    {
        List<DelimitedRow> rows = TextFile.Extension(path) == ".csv" ? Quoted(path, Separator(path)) : Tabbed(path);
        if (rows.Count == 0)
            throw new DataFileException(path, "holds no row.");
        foreach (DelimitedRow row in rows)
        {
            if (row.Cells.Length != rows[0].Cells.Length)
                throw new DataFileException(path, $"row {row.Line} has {row.Cells.Length} cells; the first has {rows[0].Cells.Length}. {(TextFile.Extension(path) == ".csv" ? "Put cells with separators or line breaks into quotes." : "Take tabs out of the cells.")}");
        }

        return rows;
    }

    // Most tables with tabs have no quoting, and texts begin with quotes as they like; some follow the rules of CSV.
    private static List<DelimitedRow> Tabbed(string path)
    {
        List<DelimitedRow> rows = [.. TextFile.Lines(path).Select(l => new DelimitedRow(l.Row, l.Line.Split('\t')))];
        bool hasQuoted = false;
        foreach (string cell in rows.SelectMany(r => r.Cells))
        {
            if (!cell.StartsWith('"'))
                continue;
            if (!IsQuoted(cell))
                return rows.Exists(r => r.Cells.Length != rows[0].Cells.Length) ? Quoted(path, '\t') : rows;
            hasQuoted = true;
        }

        return hasQuoted ? Quoted(path, '\t') : rows;
    }

    private static bool IsQuoted(string cell) =>
        cell.Length > 1 && cell.EndsWith('"') && !cell[1..^1].Replace("\"\"", "", StringComparison.Ordinal).Contains('"', StringComparison.Ordinal);

    private static List<DelimitedRow> Quoted(string path, char separator) => TextFile.Read(path, (text, most) =>
    {
        var rows = new List<DelimitedRow>();
        try
        {
            using SepReader reader = Sep.New(separator).Reader(o => o with { HasHeader = false, Unescape = true, DisableColCountCheck = true }).From(new BoundedReader(text, path, most));
            foreach (SepReader.Row row in reader)
            {
                if (row.ColCount > MostColumns)
                    throw new DataFileException(path, $"row {row.LineNumberFrom} has more than {MostColumns} cells.");
                string[] cells = new string[row.ColCount];
                for (int i = 0; i < cells.Length; i++)
                    cells[i] = row[i].ToString();
                if (cells.Length > 1 || !string.IsNullOrWhiteSpace(cells[0]))
                    rows.Add(new(row.LineNumberFrom, cells));
            }
        }
        catch (NotSupportedException e)
        {
            throw new DataFileException(path, $"holds a row behind row {(rows.Count > 0 ? rows[^1].Line : 0)} that is too long, or a quote there that is never closed.", e);
        }

        return rows;
    });

    // Spreadsheets of some languages write semicolons.
    private static char Separator(string path)
    {
        string first = TextFile.Read(path, (reader, most) => new BoundedLines(reader, path, TextFile.LongestLine, most).Next()) ?? "";
        return first.Count(c => c == ';') > first.Count(c => c == ',') ? ';' : ',';
    }
}
