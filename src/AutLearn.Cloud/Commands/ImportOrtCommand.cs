using System.CommandLine;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Importing;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn import-ort</c>.</summary>
internal static class ImportOrtCommand
{
    public static Command Create(ToolConsole console)
    {
        var folder = new Argument<string>("folder") { Description = "The folder that the official tool of ONNX Runtime Training wrote: training_model.onnx, eval_model.onnx, optimizer_model.onnx and checkpoint." };
        Option<string> target = ArtifactOutput.Option();
        var onnx = new Option<string?>("--onnx")
        {
            Description = "Where the plain ONNX model with the learned parameters goes. Default: beside the artifacts, of their name with .onnx.",
            HelpName = "file",
        };
        var arguments = new ImportOrtArguments();
        var command = new Command(
            "import-ort",
            "Take over a project of ONNX Runtime Training: the network with its learned parameters, what is frozen and what learns, loss, optimizer and moments, as artifacts that go on training where it stopped, and as one plain ONNX model.")
        {
            folder,
            target,
            onnx,
        };
        arguments.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            string from = parsed.GetRequiredValue(folder);
            ArtifactOutput output = ArtifactOutput.Read(parsed, target);
            string to = output.Path;
            string plain = parsed.GetValue(onnx) ?? (output.IsPackage ? Path.ChangeExtension(to, ".onnx") : Path.TrimEndingDirectorySeparator(to) + ".onnx");
            var outputs = new OutputPaths();
            output.Try(outputs, target);
            outputs.File(onnx.Name, plain);
            OrtImportOptions options = arguments.Import(parsed);
            OfficialSetFiles files = OfficialSetFiles.Find(from, arguments.Names(parsed));
            OrtTrainingImport import = OrtTrainingImport.Of(Read(files, arguments.Model(parsed) is { } model ? OfficialSetFiles.Locate(from, model) : null), options, cancellation);
            CompiledArtifacts artifacts = ModelCompiler.Compile(import.Model, arguments.Compile(parsed, import, Path.GetFileNameWithoutExtension(to)), progress: null, cancellation);
            RequireTrained(import, artifacts.Manifest);
            output.Save(artifacts);
            OutputFile.Save(plain, p => OnnxFile.Write(import.Model, p));
            console.Report(Report(from, to, plain, import, artifacts.Manifest, files, options), ReportJson.Default.ImportReport, ImportReportView.Render);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static OrtTrainingSet Read(OfficialSetFiles files, string? model)
    {
        OfficialCheckpoint checkpoint;
        try
        {
            checkpoint = OfficialCheckpoint.Read(files.Checkpoint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(files.Checkpoint, $"cannot be read: {e.Message}", e);
        }

        if (checkpoint.IsNominal)
        {
            checkpoint = checkpoint.WithParametersOf(ModelFile.Read(
                model ?? throw new DataFileException(files.Checkpoint, "is nominal: it holds names but no parameters. Give the ONNX model that the set was made from with --model.")));
        }
        else if (model is not null)
        {
            throw new UsageException($"Option --model belongs to nominal checkpoints; '{files.Checkpoint}' holds its parameters itself.");
        }

        return new()
        {
            Evaluation = ModelFile.Read(files.Evaluation),
            Optimizer = ModelFile.Read(files.Optimizer),
            Checkpoint = checkpoint,
            Training = files.Training is { } training ? ModelFile.Read(training) : null,
        };
    }

    private static void RequireTrained(OrtTrainingImport import, ArtifactManifest manifest)
    {
        var trained = manifest.Parameters.Where(p => p.Role == ParameterRole.Trainable).Select(p => p.Tensor.Name).ToHashSet(StringComparer.Ordinal);
        string[] lost = [.. import.Trained.Where(n => !trained.Contains(n)).Select(n => $"'{n}'")];
        if (lost.Length > 0)
            throw new AutLearnException($"What the set trains could not all be made trainable: {string.Join(", ", lost.Take(5))}{(lost.Length > 5 ? ", ..." : "")} would stay as they are.");
    }

    private static ImportReport Report(string from, string to, string plain, OrtTrainingImport import, ArtifactManifest manifest, OfficialSetFiles files, OrtImportOptions options)
    {
        OptimizerSpec optimizer = manifest.Optimizer;
        return new ImportReport(
            from,
            to,
            plain,
            [.. manifest.Inputs.Select(Describe)],
            [.. import.Model.Graph.Outputs.Select(o => new ValueReport(o.Name, o.ElementType.ToString(), o.Shape?.ToString() ?? "[...]"))],
            import.DroppedOutputs,
            Describe(manifest.Labels),
            TaskDescription.Of(manifest.Loss),
            options.Loss is not null,
            new(optimizer.Kind, optimizer.Kind == "adamw" ? optimizer.Form.ToString() : null, optimizer.Beta1, optimizer.Beta2, optimizer.Epsilon, optimizer.WeightDecay, optimizer.SkipsBiasCorrection),
            manifest.Optimizer.ClipNorm,
            manifest.Defaults.LearningRate,
            import.Step,
            import.TrainsBatchStatistics,
            import.TrainsWithDropout,
            files.Training is not null,
            [.. import.Parameters.Select(p => new ImportedParameterReport(p.Name, p.Type.ElementType.ToString(), p.Type.Shape?.ToString() ?? "[...]", p.Type.Shape?.ElementCount() ?? 0, p.Fate))],
            [.. manifest.Files.Select(f => new FileReport(f.Path, f.SizeInBytes))]);
    }

    private static ValueReport Describe(TensorSpec spec) => new(spec.Name, spec.ElementType.ToString(), $"[{string.Join(",", spec.Shape)}]");
}
