using System.CommandLine;
using AutLearn.Cloud.Inspection;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using Spectre.Console;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn inspect</c>.</summary>
internal static class InspectCommand
{
    private const int ShownBoundaries = 6;

    public static Command Create(ToolConsole console)
    {
        var model = new Argument<string>("model") { Description = "The ONNX file." };
        Option<string?> links = ModelFile.LinksOption();
        var command = new Command(
            "inspect",
            "Show what a model costs, where it can be cut into backbone and head, and which parameters can be trained. The names it lists are what 'compile --trainable' matches.")
        {
            model,
            links,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(model);
            OnnxModel loaded = ModelFile.ReadTyped(path, parsed.GetValue(links));
            InspectReport report = new ModelInspector(loaded, cancellation).Inspect(path);
            console.Report(report, ReportJson.Default.InspectReport, Render);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static void Render(IAnsiConsole screen, InspectReport report)
    {
        Table summary = ReportTables.Facts();
        summary.AddRow("model", Markup.Escape(report.Model));
        summary.AddRow("inputs", Markup.Escape(string.Join(", ", report.Inputs.Select(Describe))));
        summary.AddRow("outputs", Markup.Escape(string.Join(", ", report.Outputs.Select(Describe))));
        summary.AddRow("nodes", $"{report.Nodes} (opset {report.Opset}): {Markup.Escape(string.Join(", ", report.Operators.Select(o => $"{o.Operator} {o.Count}")))}");
        summary.AddRow("parameters", $"{Amounts.Count(report.Parameters)} ({Amounts.Bytes(report.ParameterBytes)})");
        summary.AddRow("cost", report.Flops is { } flops ? $"{Amounts.Flops(flops)} a sample" : $"at least {Amounts.Flops(report.KnownFlops)} a sample ({report.UncountedNodes.Length} nodes of unknown shape)");
        int trainable = report.ParameterList.Count(p => p.IsTrainable);
        summary.AddRow("trainable", $"{trainable} of {report.ParameterList.Length} parameter tensors");
        screen.Write(summary);

        if (!report.Boundaries.IsEmpty)
        {
            Table boundaries = ReportTables.Grid("boundary", "shape", "bytes a sample", "head parameters", "head cost");
            foreach (BoundaryReport b in report.Boundaries.TakeLast(ShownBoundaries).Reverse())
                boundaries.AddRow(Markup.Escape(b.Tensor), Markup.Escape(b.Shape), b.BytesPerSample is { } bytes ? Amounts.Count(bytes) : "unknown", Amounts.Count(b.HeadParameters), Amounts.Flops(b.HeadFlops));
            screen.WriteLine();
            screen.WriteLine($"Boundary candidates, nearest to the output first ({Math.Min(ShownBoundaries, report.Boundaries.Length)} of {report.Boundaries.Length}; --json lists all)");
            screen.Write(boundaries);
        }

        Table parameters = ReportTables.Grid("parameters that can be trained", "shape", "weights");
        foreach (ParameterReport p in report.ParameterList.Where(p => p.IsTrainable))
            parameters.AddRow(Markup.Escape(p.Name), Markup.Escape(p.Shape), Amounts.Count(p.Elements));
        screen.WriteLine();
        screen.Write(parameters);
        foreach (IGrouping<string?, ParameterReport> blocked in report.ParameterList.Where(p => !p.IsTrainable).GroupBy(p => p.Because))
        {
            screen.WriteLine();
            screen.WriteLine($"Cannot be trained, {blocked.Key}:");
            screen.WriteLine("  " + string.Join(", ", blocked.Select(p => p.Name)));
        }
    }

    private static string Describe(ValueReport value) => $"{value.Name} {value.Type}{value.Shape}";
}
