using System.Globalization;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler.OrtTraining.Import;
using Spectre.Console;

namespace AutLearn.Cloud.Reports;

/// <summary>Shows what was taken over to people.</summary>
internal static class ImportReportView
{
    public static void Render(IAnsiConsole screen, ImportReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("imported", Markup.Escape(report.Folder));
        facts.AddRow("to", Markup.Escape($"{report.Out} ({Amounts.Bytes(report.Files.Sum(f => f.Bytes))}), {report.Onnx}"));
        facts.AddRow("inputs", Markup.Escape(string.Join(", ", report.Inputs.Select(Describe))));
        facts.AddRow("outputs", Markup.Escape(string.Join(", ", report.Outputs.Select(Describe))));
        if (!report.DroppedOutputs.IsEmpty)
            facts.AddRow("left out", Markup.Escape($"{string.Join(", ", report.DroppedOutputs)}: they depend on labels"));
        facts.AddRow("loss", Markup.Escape($"{report.Loss}{(report.IsLossReplaced ? " (given, in place of the set's own)" : "")}, labels {Describe(report.Labels)}"));
        facts.AddRow("optimizer", Markup.Escape(Describe(report.Optimizer, report.ClipNorm)));
        facts.AddRow("goes on", string.Create(CultureInfo.InvariantCulture, $"after {report.Step} updates, at a learning rate of {report.LearningRate:0.######}"));
        facts.AddRow("while training", $"batch normalisation {(report.TrainsBatchStatistics ? "uses each batch's statistics in the trained part (the retired engine did so in the frozen part too)" : "keeps its statistics")}, dropout {(report.TrainsWithDropout ? "drops in the trained part" : "does nothing")}{(report.HasTrainingModel ? "" : " (taken so: there is no training_model.onnx that tells)")}");
        screen.Write(facts);
        Table parameters = ReportTables.Grid("parameter", "shape", "weights", "what becomes of it");
        foreach (ImportedParameterReport p in report.Parameters)
            parameters.AddRow(Markup.Escape(p.Name), Markup.Escape(p.Type + p.Shape), Amounts.Count(p.Elements), Describe(p.Fate));
        screen.Write(parameters);
    }

    private static string Describe(ValueReport value) => $"{value.Name} {value.Type}{value.Shape}";

    private static string Describe(ImportedOptimizerReport optimizer, double? clipNorm)
    {
        string settings = optimizer.Kind == "adamw"
            ? string.Create(CultureInfo.InvariantCulture, $" ({optimizer.Form} form, betas {optimizer.Beta1:0.######} and {optimizer.Beta2:0.######}, epsilon {optimizer.Epsilon:0.##e+0}, weight decay {optimizer.WeightDecay:0.######}{(optimizer.SkipsBiasCorrection ? ", no bias correction" : "")})")
            : "";
        return $"{optimizer.Kind}{settings}{(clipNorm is { } norm ? string.Create(CultureInfo.InvariantCulture, $", gradients clipped to the norm {norm:0.######}") : "")}";
    }

    private static string Describe(ParameterFate fate) => fate switch
    {
        ParameterFate.Trained => "trained",
        ParameterFate.TrainedWithMoments => "trained, with its moments",
        ParameterFate.Frozen => "frozen",
        ParameterFate.Constant => "frozen (a constant of the evaluation model)",
        _ => "left out: nothing depends on it",
    };
}
