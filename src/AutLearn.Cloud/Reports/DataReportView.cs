using System.Collections.Immutable;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows a <see cref="DataReport"/> to people: a line for each kind of thing that was left out, none where nothing was.</summary>
internal static class DataReportView
{
    private const int Shown = 5;

    public static void AddTo(Table facts, DataReport report)
    {
        if (!report.MissingClasses.IsEmpty)
            facts.AddRow("no image of", Markup.Escape($"{Counted(report.MissingClasses.Length, "class", "classes")}: {List(report.MissingClasses)}"));
        if (!report.EmptyFolders.IsEmpty)
            facts.AddRow("empty", Markup.Escape($"{Counted(report.EmptyFolders.Length, "folder", "folders")} without an image: {List(report.EmptyFolders.Select(Name))}"));
        string[] passed =
        [
            .. Count(report.HiddenFolders.Length, "hidden folder", "hidden folders", $" ({List(report.HiddenFolders.Select(Name).Distinct())})"),
            .. Count(report.HiddenFiles, "hidden file", "hidden files"),
            .. Count(report.LoosePhotos, "photo", "photos", " outside the class folders"),
            .. Count(report.OtherFiles.Values.Sum(), "file", "files", $" other than photos ({List(report.OtherFiles.Select(o => $"{o.Value} {(o.Key.Length == 0 ? "without ending" : o.Key)}"))})"),
        ];
        if (passed.Length > 0)
            facts.AddRow("left out", Markup.Escape(string.Join("; ", passed)));
        if (!report.Skipped.IsEmpty)
            facts.AddRow("bad images", Markup.Escape($"{report.Skipped.Length} could not be decoded and were left out; the first: {report.Skipped[0].Problem}"));
    }

    private static string[] Count(int count, string one, string many, string more = "") => count == 0 ? [] : [Counted(count, one, many) + more];

    private static string Counted(int count, string one, string many) => $"{Amounts.Count(count)} {(count == 1 ? one : many)}";

    private static string Name(string path) => Path.GetFileName(path);

    private static string List(IEnumerable<string> items)
    {
        ImmutableArray<string> all = [.. items];
        return $"{string.Join(", ", all.Take(Shown))}{(all.Length > Shown ? ", ..." : "")}";
    }
}
