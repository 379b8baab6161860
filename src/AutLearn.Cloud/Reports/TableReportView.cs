using System.Collections.Immutable;
using System.Globalization;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows what was measured on tables of numbers.</summary>
internal static class TableReportView
{
    private const int ShownRows = 20;

    public static void Render(IAnsiConsole screen, EvaluateTableReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("model", Markup.Escape(report.Model));
        facts.AddRow("data", Markup.Escape($"{report.Data}: {Amounts.Count(report.Rows)} rows"));
        AddSkipped(facts, report.SkippedRows);
        if (report.Figures is { } figures)
            facts.AddRow("loss", Number(figures.Loss));
        facts.AddRow("time", Amounts.Seconds(report.Seconds));
        screen.Write(facts);
        if (report.Figures is { } known)
        {
            RenderTargets(screen, known, null);
            return;
        }

        Table rows = ReportTables.Grid("row", "prediction");
        for (int r = 0; r < Math.Min(ShownRows, report.Predictions.Length); r++)
            rows.AddRow($"{r + 1}", string.Join(" ", report.Predictions[r].Select(v => Number(v))));
        screen.Write(rows);
        if (report.Predictions.Length > ShownRows)
            screen.WriteLine($"... and {report.Predictions.Length - ShownRows} more; --json lists all.");
    }

    public static void Render(IAnsiConsole screen, PersonalizeTableReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("model", Markup.Escape(report.Model));
        facts.AddRow("data", Markup.Escape(report.Data));
        facts.AddRow("rows", $"{Amounts.Count(report.TrainRows)} to learn from, {Amounts.Count(report.HoldOutRows)} held out and only measured on");
        AddSkipped(facts, report.SkippedRows);
        facts.AddRow("trained", Markup.Escape($"{string.Join(", ", report.Trained.Parameters)}: {Amounts.Count(report.Trained.Weights)} weights, {Amounts.Bytes(report.Trained.Bytes)}"));
        facts.AddRow("training", string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Steps} steps: {report.Settings.Epochs} epochs in batches of {report.Settings.BatchSize}, {report.Settings.Optimizer}, learning rate {report.Settings.LearningRate}, seed {report.Settings.Seed}, {Amounts.Seconds(report.Seconds)}"));
        facts.AddRow("package", $"{Amounts.Bytes(report.PackageBytes)} on the device");
        facts.AddRow("loss on the held-out rows", $"{Number(report.Before.Loss)} before, {Number(report.After.Loss)} after");
        screen.Write(facts);
        RenderTargets(screen, report.Before, report.After);
        if (report.Exported is not null)
            screen.WriteLine($"Exported the personal model to {report.Exported}.");
        if (report.SavedState is not null)
            screen.WriteLine($"Saved parameters and optimizer state to {report.SavedState}.");
    }

    private static void AddSkipped(Table facts, ImmutableArray<string> skipped)
    {
        if (!skipped.IsEmpty)
            facts.AddRow("left out", Markup.Escape($"{skipped.Length} rows; the first: {skipped[0]}"));
    }

    private static void RenderTargets(IAnsiConsole screen, TableFigures before, TableFigures? after)
    {
        bool areNumbers = before.Targets[0].RootMeanSquaredError is not null;
        Table table = areNumbers
            ? ReportTables.Grid("column", "root mean squared error", "mean absolute error", "R2")
            : ReportTables.Grid("column", "right", "F1");
        foreach (TableFigures figures in after is null ? [before] : new[] { before, after })
        {
            string when = after is null ? "" : ReferenceEquals(figures, before) ? " before" : " after";
            foreach (TargetFigures target in figures.Targets)
            {
                string name = Markup.Escape($"{target.Name}{when}");
                if (areNumbers)
                    table.AddRow(name, Number(target.RootMeanSquaredError), Number(target.MeanAbsoluteError), Number(target.ExplainedVariance));
                else
                    table.AddRow(name, target.Accuracy is { } share ? Amounts.Percent(share) : "", Number(target.F1));
            }
        }

        screen.Write(table);
    }

    private static string Number(double? number) => number?.ToString("0.####", CultureInfo.InvariantCulture) ?? "";
}
