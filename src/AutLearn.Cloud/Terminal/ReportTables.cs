using Spectre.Console;

namespace AutLearn.Cloud.Terminal;

/// <summary>The tool's table styles.</summary>
internal static class ReportTables
{
    /// <summary>Creates a table of names and facts, without lines.</summary>
    public static Table Facts() => new Table { Border = TableBorder.None, ShowHeaders = false }.AddColumn(new TableColumn("").NoWrap().PadRight(3)).AddColumn("");

    /// <summary>Creates a table with a header; every column but the first is right-aligned.</summary>
    public static Table Grid(params ReadOnlySpan<string> headers)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (int i = 0; i < headers.Length; i++)
        {
            var column = new TableColumn(Markup.Escape(headers[i]));
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }

        return table;
    }
}
