using System.CommandLine;
using System.Diagnostics;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using Spectre.Console;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn compile</c>.</summary>
internal static class CompileCommand
{
    private const string PackageExtension = ".autlearn";

    public static Command Create(ToolConsole console)
    {
        var model = new Argument<string>("model") { Description = "The pretrained ONNX file." };
        var target = new Option<string>("--out", "-o")
        {
            Description = $"Where the device artifacts go: a folder, or one file if the name ends in {PackageExtension}.",
            HelpName = "path",
            Required = true,
        };
        var arguments = new CompileArguments();
        var command = new Command(
            "compile",
            "Compile a pretrained model into artifacts that predict on a device and go on learning there: the part up to the trained layers stays as it is, the rest becomes training steps in plain ONNX operators.")
        {
            model,
            target,
        };
        arguments.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(model);
            string to = parsed.GetRequiredValue(target);
            OnnxModel loaded = ModelFile.ReadTyped(path);
            CompileOptions options = arguments.Read(parsed, loaded, Path.GetFileNameWithoutExtension(path));
            var watch = Stopwatch.StartNew();
            CompiledArtifacts artifacts = ModelCompiler.Compile(loaded, options, progress: null, cancellation);
            double seconds = watch.Elapsed.TotalSeconds;
            bool isPackage = Path.GetExtension(to).Equals(PackageExtension, StringComparison.OrdinalIgnoreCase);
            if (isPackage)
                artifacts.SavePackage(to);
            else
                artifacts.Save(to);
            console.Report(Outcome(path, to, seconds, artifacts, isPackage), ReportJson.Default.CompileOutcome, Render);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static CompileOutcome Outcome(string path, string target, double seconds, CompiledArtifacts artifacts, bool isPackage)
    {
        ArtifactManifest manifest = artifacts.Manifest;
        return new CompileOutcome(
            path,
            target,
            seconds,
            TrainedReport.Of(manifest),
            artifacts.Report.FrozenParameters,
            [.. manifest.Boundary.Select(b => new ValueReport(b.Tensor.Name, b.Tensor.ElementType.ToString(), $"[{string.Join(",", b.Tensor.Shape)}]"))],
            artifacts.Report.BoundaryBytesPerSample,
            artifacts.Report.ForwardFlops,
            artifacts.Report.StepFlops,
            artifacts.Report.CachedStepFlops,
            artifacts.Report.PeakActivationBytes,
            manifest.Loss.Kind,
            manifest.Optimizer.Kind,
            [.. manifest.Files.Select(f => new FileReport(f.Path, f.SizeInBytes))],
            isPackage ? new FileInfo(target).Length : manifest.Files.Sum(f => f.SizeInBytes) + new FileInfo(Path.Combine(target, ArtifactNames.Manifest)).Length,
            null);
    }

    private static void Render(IAnsiConsole screen, CompileOutcome outcome)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("compiled", Markup.Escape($"{outcome.Model} in {Amounts.Seconds(outcome.Seconds)}"));
        facts.AddRow("to", Markup.Escape($"{outcome.Out} ({Amounts.Bytes(outcome.Bytes)})"));
        facts.AddRow("trained", Markup.Escape($"{string.Join(", ", outcome.Trained.Parameters)}: {Amounts.Count(outcome.Trained.Weights)} weights, {Amounts.Bytes(outcome.Trained.Bytes)}; {Amounts.Count(outcome.FrozenWeights)} weights stay as they are"));
        facts.AddRow("boundary", Markup.Escape($"{string.Join(", ", outcome.Boundary.Select(b => b.Name + b.Shape))}: {Amounts.Bytes(outcome.BoundaryBytesPerSample)} a sample"));
        facts.AddRow("objective", $"{outcome.Loss}, {outcome.Optimizer}");
        facts.AddRow("cost", $"{Amounts.Flops(outcome.ForwardFlops)} a prediction, {Amounts.Flops(outcome.StepFlops)} a training step{(outcome.CachedStepFlops is { } cached ? $" ({Amounts.Flops(cached)} with cached scores)" : "")}, {Amounts.Bytes(outcome.PeakActivationBytes)} of activations");
        screen.Write(facts);
        Table files = ReportTables.Grid("file", "size");
        foreach (FileReport file in outcome.Files)
            files.AddRow(Markup.Escape(file.Path), Amounts.Bytes(file.Bytes));
        screen.Write(files);
    }
}
