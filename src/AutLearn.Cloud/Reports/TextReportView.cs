using System.Globalization;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows reports on text models to people.</summary>
internal static class TextReportView
{
    private const int ShownText = 60;

    public static void Render(IAnsiConsole screen, EvaluateTextReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("model", Markup.Escape($"{report.Model}, {Kind(report.Kind)}"));
        facts.AddRow("data", Markup.Escape($"{report.Data}{(report.Part is { } part ? $", {part}" : "")}: {Amounts.Count(report.Sentences)} sentences, {Amounts.Count(report.Tokens)} tokens{(report.UnknownTokens is { } unknown ? $", {Amounts.Percent(unknown)} unknown" : "")}"));
        if (report.Figures is { } figures)
        {
            facts.AddRow("loss", Loss(figures.Loss));
            if (figures.Perplexity is { } perplexity)
                facts.AddRow("perplexity", perplexity.ToString("0.0", CultureInfo.InvariantCulture));
            facts.AddRow(figures.Perplexity is null ? "accuracy" : "next word hit", $"{Amounts.Percent(figures.Accuracy)} ({figures.Correct} of {figures.Count})");
            if (figures.Top3Accuracy is { } amongThree)
                facts.AddRow("among three", Amounts.Percent(amongThree));
        }

        facts.AddRow("time", $"{Amounts.Seconds(report.Seconds)}, opening the model included");
        screen.Write(facts);
        if (!report.Classes.IsEmpty)
        {
            EvaluateReportView.RenderClasses(screen, report.Classes, "texts");
            EvaluateReportView.RenderConfusion(screen, report.Classes, report.Confusion, "texts", "text of, taken for");
        }
        else if (!report.Predictions.IsEmpty)
        {
            Table table = ReportTables.Grid("text", "1st", "2nd", "3rd");
            foreach (TextPredictionReport prediction in report.Predictions)
                table.AddRow([Markup.Escape(Short(prediction.Text)), .. Enumerable.Range(0, 3).Select(i => i < prediction.Top.Length ? Markup.Escape(EvaluateReportView.Describe(prediction.Top[i])) : "")]);
            screen.Write(table);
        }
    }

    public static void Render(IAnsiConsole screen, PersonalizeTextReport report)
    {
        Table facts = ReportTables.Facts();
        string rows = report.Before.Perplexity is null ? "texts" : "sequences";
        facts.AddRow("model", Markup.Escape($"{report.Model}, {Kind(report.Kind)}"));
        facts.AddRow("data", Markup.Escape(report.Data));
        facts.AddRow(rows, $"{Amounts.Count(report.TrainRows)} to learn from, {Amounts.Count(report.HoldOutRows)} held out and only measured on");
        facts.AddRow("trained", Markup.Escape($"{string.Join(", ", report.Trained.Parameters)}: {Amounts.Count(report.Trained.Weights)} weights, {Amounts.Bytes(report.Trained.Bytes)}"));
        facts.AddRow("training", string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Steps} steps: {report.Settings.Epochs} epochs in batches of {report.Settings.BatchSize}, {report.Settings.Optimizer}, learning rate {report.Settings.LearningRate}, seed {report.Settings.Seed}"));
        facts.AddRow("package", $"{Amounts.Bytes(report.PackageBytes)} on the device");
        screen.Write(facts);

        Table scores = ReportTables.Grid($"on the held-out {rows}", "before", "after");
        scores.AddRow("loss", Loss(report.Before.Loss), Loss(report.After.Loss));
        if (report.Before.Perplexity is { } before && report.After.Perplexity is { } after)
            scores.AddRow("perplexity", before.ToString("0.0", CultureInfo.InvariantCulture), after.ToString("0.0", CultureInfo.InvariantCulture));
        scores.AddRow(report.Before.Perplexity is null ? "accuracy" : "next word hit", Amounts.Percent(report.Before.Accuracy), Amounts.Percent(report.After.Accuracy));
        if (report.Before.Top3Accuracy is { } amongBefore && report.After.Top3Accuracy is { } amongAfter)
            scores.AddRow("among three", Amounts.Percent(amongBefore), Amounts.Percent(amongAfter));
        scores.AddRow("correct", $"{report.Before.Correct} of {report.Before.Count}", $"{report.After.Correct} of {report.After.Count}");
        screen.Write(scores);
        screen.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Amounts.Seconds(report.Seconds.Features)} to run the frozen layers once; {Amounts.Seconds(report.Seconds.Training)} to train."));
        if (report.Exported is not null)
            screen.WriteLine($"Exported the personal model to {report.Exported}.");
        if (report.SavedState is not null)
            screen.WriteLine($"Saved parameters and optimizer state to {report.SavedState}.");
    }

    private static string Kind(string kind) => kind.Replace('_', ' ');

    private static string Loss(double loss) => loss.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Short(string text)
    {
        text = text.ReplaceLineEndings(" ");
        return text.Length > ShownText ? $"{text[..ShownText]}..." : text;
    }
}
