using System.Collections.Immutable;
using System.Globalization;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows an <see cref="EvaluateReport"/> to people.</summary>
internal static class EvaluateReportView
{
    private const int LargestMatrix = 10;
    private const int ShownClasses = 100;
    private const int ShownConfusions = 10;

    public static void Render(IAnsiConsole screen, EvaluateReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("model", Markup.Escape(report.Model));
        facts.AddRow("data", Markup.Escape($"{report.Data}{(report.Part is { } part ? $", {part}" : "")}: {Amounts.Count(report.Images)} images"));
        DataReportView.AddTo(facts, report.LeftOut);
        if (report.Accuracy is { } accuracy)
        {
            facts.AddRow("accuracy", $"{Amounts.Percent(accuracy)} ({report.Correct} of {report.Images})");
            facts.AddRow("top 5", Amounts.Percent(report.Top5Accuracy ?? 0));
        }

        facts.AddRow("time", $"{Amounts.Seconds(report.Seconds)}, opening the model included");
        screen.Write(facts);
        if (report.Accuracy is not null)
        {
            RenderClasses(screen, report.Classes);
            RenderConfusion(screen, report.Classes, report.Confusion);
            return;
        }

        Table table = ReportTables.Grid("image", "1st", "2nd", "3rd");
        foreach (PredictionReport prediction in report.Predictions)
            table.AddRow([Markup.Escape(Path.GetFileName(prediction.Image)), .. Enumerable.Range(0, 3).Select(i => i < prediction.Top.Length ? Markup.Escape(Describe(prediction.Top[i])) : "")]);
        screen.Write(table);
    }

    public static void RenderClasses(IAnsiConsole screen, ImmutableArray<ClassFigures> classes, string unit = "images")
    {
        Table table = ReportTables.Grid("class", unit, "recall", "precision", "F1");
        foreach (ClassFigures figures in classes.Take(ShownClasses))
        {
            table.AddRow(
                Markup.Escape(NameOf(figures)), Amounts.Count(figures.Images), Share(figures.Recall), Share(figures.Precision),
                figures.F1?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-");
        }

        if (classes.Length > ShownClasses)
            table.AddRow($"... {classes.Length - ShownClasses} more (--json has all)", "", "", "", "");
        screen.Write(table);
    }

    public static void RenderConfusion(IAnsiConsole screen, ImmutableArray<ClassFigures> classes, ImmutableArray<ConfusionCell> cells, string unit = "images", string corner = "image of, taken for")
    {
        Dictionary<int, string> names = classes.ToDictionary(c => c.Class, NameOf);
        if (classes.Length <= LargestMatrix)
        {
            Table matrix = ReportTables.Grid([corner, .. classes.Select(NameOf)]);
            foreach (ClassFigures row in classes.Where(c => c.Images > 0))
                matrix.AddRow([Markup.Escape(NameOf(row)), .. classes.Select(c => Amounts.Count(cells.FirstOrDefault(x => x.Label == row.Class && x.Predicted == c.Class)?.Count ?? 0))]);
            screen.Write(matrix);
            return;
        }

        ConfusionCell[] worst = [.. cells.Where(c => c.Label != c.Predicted).OrderByDescending(c => c.Count).Take(ShownConfusions)];
        if (worst.Length == 0)
            return;
        Table table = ReportTables.Grid("most often taken", "for", unit);
        foreach (ConfusionCell cell in worst)
            table.AddRow(Markup.Escape(names[cell.Label]), Markup.Escape(names[cell.Predicted]), Amounts.Count(cell.Count));
        screen.Write(table);
    }

    private static string NameOf(ClassFigures figures) => figures.Name ?? figures.Class.ToString(CultureInfo.InvariantCulture);

    private static string Share(double? share) => share is { } value ? Amounts.Percent(value) : "-";

    public static string Describe(RankedClass ranked) =>
        $"{ranked.Name ?? ranked.Class.ToString(CultureInfo.InvariantCulture)} {Amounts.Percent(ranked.Probability)}";
}
