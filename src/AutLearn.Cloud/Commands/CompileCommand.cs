using System.CommandLine;
using System.Diagnostics;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using Spectre.Console;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn compile</c>.</summary>
internal static class CompileCommand
{
    private const string DeviceTarget = "device";
    private const string OrtTarget = "ort-training";

    public static Command Create(ToolConsole console)
    {
        var model = new Argument<string>("model") { Description = "The pretrained ONNX file." };
        Option<string> target = ArtifactOutput.Option();
        var kind = new Option<string>("--target")
        {
            Description = $"What to write: the device artifacts, or with ort-training also the official training artifacts of ONNX Runtime 1.19, in a sub-folder '{ArtifactNames.OrtTrainingFolder}' (--optimizer sgd or adamw only).",
            DefaultValueFactory = _ => DeviceTarget,
        }.OneOf(DeviceTarget, OrtTarget);
        Option<string?> links = ModelFile.LinksOption();
        var arguments = new CompileArguments();
        var command = new Command(
            "compile",
            "Compile a pretrained model into artifacts that predict on a device and go on learning there: the part up to the trained layers stays as it is, the rest becomes training steps in plain ONNX operators.")
        {
            model,
            target,
            kind,
            links,
        };
        arguments.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(model);
            ArtifactOutput output = ArtifactOutput.Read(parsed, target);
            bool isOfficial = parsed.GetRequiredValue(kind) == OrtTarget;
            if (isOfficial && output.IsPackage)
                throw new UsageException($"--target {OrtTarget} writes a folder; --out '{output.Path}' is a {ArtifactWriter.PackageExtension} file.");
            output.Try(new OutputPaths(), target);
            OnnxModel loaded = ModelFile.ReadTyped(path, parsed.GetValue(links));
            CompileOptions options = arguments.Read(parsed, loaded, Path.GetFileNameWithoutExtension(path));
            var watch = Stopwatch.StartNew();
            CompiledArtifacts artifacts = ModelCompiler.Compile(loaded, options, progress: null, cancellation);
            double seconds = watch.Elapsed.TotalSeconds;
            OrtTrainingArtifacts? official = isOfficial ? OrtTrainingCompiler.Compile(loaded, options, cancellation) : null;
            output.Save(artifacts);
            string? officialFolder = official is null ? null : Path.Combine(output.Path, ArtifactNames.OrtTrainingFolder);
            if (officialFolder is not null)
                OutputFile.Save(officialFolder, official!.Save);
            console.Report(Outcome(path, output, seconds, artifacts) with { OrtTraining = officialFolder }, ReportJson.Default.CompileOutcome, Render);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static CompileOutcome Outcome(string path, ArtifactOutput output, double seconds, CompiledArtifacts artifacts)
    {
        ArtifactManifest manifest = artifacts.Manifest;
        return new CompileOutcome(
            path,
            output.Path,
            seconds,
            TrainedReport.Of(manifest),
            artifacts.Report.FrozenParameters,
            [.. manifest.Boundary.Select(b => new ValueReport(b.Tensor.Name, b.Tensor.ElementType.ToString(), $"[{string.Join(",", b.Tensor.Shape)}]"))],
            artifacts.Report.BoundaryBytesPerSample,
            artifacts.Report.ForwardFlops,
            artifacts.Report.StepFlops,
            artifacts.Report.CachedStepFlops,
            artifacts.Report.PeakActivationBytes,
            TaskDescription.Of(manifest.Loss),
            manifest.Optimizer.Kind,
            new(manifest.Logits.Name, manifest.Logits.ElementType.ToString(), $"[{string.Join(",", manifest.Logits.Shape)}]"),
            manifest.Preprocessing is { } preprocessing ? PreprocessingText.Of(preprocessing) : null,
            [.. manifest.Files.Select(f => new FileReport(f.Path, f.SizeInBytes))],
            output.IsPackage ? new FileInfo(output.Path).Length : manifest.Files.Sum(f => f.SizeInBytes) + new FileInfo(Path.Combine(output.Path, ArtifactNames.Manifest)).Length,
            null);
    }

    private static void Render(IAnsiConsole screen, CompileOutcome outcome)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("compiled", Markup.Escape($"{outcome.Model} in {Amounts.Seconds(outcome.Seconds)}"));
        facts.AddRow("to", Markup.Escape($"{outcome.Out} ({Amounts.Bytes(outcome.Bytes)})"));
        facts.AddRow("trained", Markup.Escape($"{string.Join(", ", outcome.Trained.Parameters)}: {Amounts.Count(outcome.Trained.Weights)} weights, {Amounts.Bytes(outcome.Trained.Bytes)}; {Amounts.Count(outcome.FrozenWeights)} weights stay as they are"));
        facts.AddRow("boundary", Markup.Escape($"{string.Join(", ", outcome.Boundary.Select(b => b.Name + b.Shape))}: {Amounts.Bytes(outcome.BoundaryBytesPerSample)} a sample"));
        facts.AddRow("objective", Markup.Escape($"{outcome.Loss} of '{outcome.Scores.Name}' {outcome.Scores.Shape}, {outcome.Optimizer}"));
        facts.AddRow("cost", $"{Amounts.Flops(outcome.ForwardFlops)} a prediction, {Amounts.Flops(outcome.StepFlops)} a training step{(outcome.CachedStepFlops is { } cached ? $" ({Amounts.Flops(cached)} with cached scores)" : "")}, {Amounts.Bytes(outcome.PeakActivationBytes)} of activations");
        if (outcome.Images is { } images)
            facts.AddRow("images", Markup.Escape(images));
        if (outcome.OrtTraining is { } official)
            facts.AddRow("official set", Markup.Escape(official));
        screen.Write(facts);
        Table files = ReportTables.Grid("file", "size");
        foreach (FileReport file in outcome.Files)
            files.AddRow(Markup.Escape(file.Path), Amounts.Bytes(file.Bytes));
        screen.Write(files);
    }
}
