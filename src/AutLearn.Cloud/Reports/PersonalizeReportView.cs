using System.Globalization;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows a <see cref="PersonalizeReport"/> to people.</summary>
internal static class PersonalizeReportView
{
    private const int BarWidth = 40;

    public static void Render(IAnsiConsole screen, PersonalizeReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("model", Markup.Escape(report.Model));
        facts.AddRow("data", Markup.Escape(report.Data));
        facts.AddRow("images", $"{Amounts.Count(report.TrainImages)} to learn from, {Amounts.Count(report.HoldOutImages)} held out and only measured on; {report.Classes} classes");
        DataReportView.AddTo(facts, report.LeftOut);
        facts.AddRow("trained", Markup.Escape($"{string.Join(", ", report.Trained.Parameters)}: {Amounts.Count(report.Trained.Weights)} weights, {Amounts.Bytes(report.Trained.Bytes)}"));
        facts.AddRow("training", string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Steps} steps: {report.Settings.Epochs} epochs in batches of {report.Settings.BatchSize}, {report.Settings.Optimizer}, learning rate {report.Settings.LearningRate}, seed {report.Settings.Seed}"));
        facts.AddRow("package", $"{Amounts.Bytes(report.PackageBytes)} on the device");
        screen.Write(facts);

        Table scores = ReportTables.Grid("on the held-out images", "before", "after");
        scores.AddRow("accuracy", Amounts.Percent(report.Before.Accuracy), Amounts.Percent(report.After.Accuracy));
        scores.AddRow("correct", $"{report.Before.Correct} of {report.Before.Count}", $"{report.After.Correct} of {report.After.Count}");
        scores.AddRow("loss", Loss(report.Before.Loss), Loss(report.After.Loss));
        screen.Write(scores);
        screen.WriteLine($"  before  {Bar(report.Before.Accuracy)} {Amounts.Percent(report.Before.Accuracy)}");
        screen.WriteLine($"  after   {Bar(report.After.Accuracy)} {Amounts.Percent(report.After.Accuracy)}");
        screen.WriteLine();

        int images = report.TrainImages + report.HoldOutImages;
        double perStep = report.Steps == 0 ? 0 : report.Seconds.Training / report.Steps;
        screen.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Amounts.Seconds(report.Seconds.Features)} to read {images} images and run the frozen layers once; {Amounts.Seconds(report.Seconds.Training)} to train ({1e3 * perStep:0.000} ms a step)."));
        if (report.Exported is not null)
            screen.WriteLine($"Exported the personal model to {report.Exported}.");
        if (report.SavedState is not null)
            screen.WriteLine($"Saved parameters and optimizer state to {report.SavedState}.");
    }

    private static string Loss(double loss) => loss.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Bar(double share)
    {
        int filled = (int)Math.Round(share * BarWidth);
        return new string('█', filled) + new string('░', BarWidth - filled);
    }
}
