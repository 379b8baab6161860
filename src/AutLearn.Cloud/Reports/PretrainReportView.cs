using System.Globalization;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows what <c>pretrain</c> achieved.</summary>
internal static class PretrainReportView
{
    // Long trainings would fill the screen: the last epochs tell how they ended.
    private const int ShownEpochs = 20;

    public static void Render(IAnsiConsole screen, PretrainReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("trained", Markup.Escape($"{report.Model}: {Amounts.Count(report.Weights)} weights, {report.Optimizer}, {report.BatchSize} rows a {(report.Accumulate > 1 ? $"micro-step, up to {report.Accumulate} of them a step" : "step")}"));
        facts.AddRow("on", Markup.Escape($"{report.Data}: {Amounts.Count(report.TrainRows)} rows, measured on {Amounts.Count(report.ValidationRows)} others"));
        if (!report.SkippedRows.IsEmpty)
            facts.AddRow("left out", Markup.Escape($"{report.SkippedRows.Length} rows; the first: {report.SkippedRows[0]}"));
        if (report.LeftOut is { } leftOut)
            DataReportView.AddTo(facts, leftOut);
        facts.AddRow("ended", Markup.Escape($"{report.End} after {Amounts.Count(report.Steps)} steps{(report.Accumulate > 1 ? $" of {Amounts.Count(report.MicroSteps)} micro-steps" : "")}{(report.ResumedAtStep > 0 ? $", {Amounts.Count(report.ResumedAtStep)} of them before this run" : "")}, {Amounts.Seconds(report.Seconds)}"));
        facts.AddRow("model", Markup.Escape($"{report.Out}{Written(report)}"));
        if (report.Vocabulary is { } vocabulary)
            facts.AddRow("words", Markup.Escape(vocabulary));
        if (report.Log is { } log)
            facts.AddRow("log", Markup.Escape(log));
        if (report.Plot is { } plot)
            facts.AddRow("curves", Markup.Escape(plot));
        screen.Write(facts);
        Table epochs = ReportTables.Grid("epoch", "training loss", "accuracy", "validation loss", "accuracy", "learning rate");
        foreach (PretrainEpochReport epoch in report.Epochs.TakeLast(ShownEpochs))
        {
            epochs.AddRow(
                epoch.Epoch == report.BestEpoch ? $"{epoch.Epoch} *" : epoch.Epoch.ToString(CultureInfo.InvariantCulture),
                epoch.TrainLoss.ToString("0.0000", CultureInfo.InvariantCulture),
                epoch.TrainAccuracy is { } training ? Amounts.Percent(training) : "",
                epoch.ValidationLoss?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "",
                epoch.ValidationAccuracy is { } validation ? Amounts.Percent(validation) : "",
                epoch.LearningRate.ToString("0.#####E+0", CultureInfo.InvariantCulture));
        }

        screen.Write(epochs);
    }

    private static string Written(PretrainReport report) => report switch
    {
        { BestEpoch: { } best } => $", the weights of epoch {best}, which had the lowest validation loss",
        { WrittenEpoch: { } last } => $", the weights of epoch {last}, the last",
        _ => "",
    };
}
