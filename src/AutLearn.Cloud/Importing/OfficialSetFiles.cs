using AutLearn.Cloud.Data;
using AutLearn.Compiler.OrtTraining;

namespace AutLearn.Cloud.Importing;

/// <summary>Where the files of an official training set lie.</summary>
/// <param name="Evaluation">The evaluation model.</param>
/// <param name="Optimizer">The optimizer model.</param>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Training">The training model; null where there is none.</param>
internal sealed record OfficialSetFiles(string Evaluation, string Optimizer, string Checkpoint, string? Training)
{
    private const string OrtExtension = ".ort";
    private const string NominalCheckpoint = "nominal_checkpoint";

    /// <summary>Finds the files of a folder: by the names that are given, else by the names that the official tool gives, whatever prefix stands before them.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="names">By option; a relative name is that of a file in the folder, or else in the current one.</param>
    /// <exception cref="DataFileException">A file is missing, is a folder, or cannot be told from others.</exception>
    public static OfficialSetFiles Find(string folder, OfficialSetNames names)
    {
        if (!Directory.Exists(folder))
            throw new DataFileException(folder, File.Exists(folder) ? "is a file, where the folder of the training artifacts is needed." : "the folder does not exist.");
        return new(
            Required(folder, names.Evaluation, OrtTrainingArtifacts.EvaluationFile, "--eval-model"),
            Required(folder, names.Optimizer, OrtTrainingArtifacts.OptimizerFile, "--optimizer-model"),
            Required(folder, names.Checkpoint, OrtTrainingArtifacts.CheckpointFile, "--checkpoint"),
            Optional(folder, names.Training, OrtTrainingArtifacts.TrainingFile, "--training-model"));
    }

    /// <summary>Gets the path of a file that is given by name: in the folder, or else in the current one.</summary>
    public static string Locate(string folder, string name)
    {
        string inside = Path.Combine(folder, name);
        return Path.Exists(inside) || !Path.Exists(name) ? inside : name;
    }

    private static string Required(string folder, string? given, string standard, string option)
    {
        if (Optional(folder, given, standard, option) is { } found)
            return found;
        string ort = Path.Combine(folder, Path.ChangeExtension(standard, OrtExtension));
        throw File.Exists(ort)
            ? new DataFileException(ort, $"is in ORT format, which ONNX Runtime alone reads. Give the .onnx file that it was converted from: the official tool writes '{standard}' beside it.")
            : new DataFileException(folder, $"holds no '{standard}', but {Listing(folder)}. Name the file with {option}, or give the folder that the official tool wrote.");
    }

    private static string? Optional(string folder, string? given, string standard, string option)
    {
        if (given is not null)
            return Existing(Locate(folder, given), standard == OrtTrainingArtifacts.CheckpointFile);
        string exact = Path.Combine(folder, standard);
        if (Path.Exists(exact))
            return Existing(exact, standard == OrtTrainingArtifacts.CheckpointFile);
        string[] prefixed = [.. (standard == OrtTrainingArtifacts.CheckpointFile ? Directory.EnumerateFileSystemEntries(folder) : Directory.EnumerateFiles(folder)).Where(f => f.EndsWith(standard, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        string[] complete = [.. prefixed.Where(f => !f.EndsWith(NominalCheckpoint, StringComparison.Ordinal))];
        string[] candidates = complete.Length > 0 ? complete : prefixed;
        return candidates.Length <= 1
            ? candidates.FirstOrDefault()
            : throw new DataFileException(folder, $"holds several files that end in '{standard}': {string.Join(", ", candidates.Take(5).Select(f => $"'{Path.GetFileName(f)}'"))}. Name one with {option}.");
    }

    // Checkpoints were folders before 1.16.
    private static string Existing(string path, bool mayBeFolder) => !Directory.Exists(path)
        ? File.Exists(path) ? path : throw new DataFileException(path, "the file does not exist.")
        : mayBeFolder ? path : throw new DataFileException(path, "is a folder, where a file is needed.");

    private static string Listing(string folder)
    {
        string[] names = [.. Directory.EnumerateFiles(folder).Select(f => $"'{Path.GetFileName(f)}'").Order(StringComparer.Ordinal)];
        return names.Length == 0 ? "no file at all" : $"{string.Join(", ", names.Take(6))}{(names.Length > 6 ? ", ..." : "")}";
    }
}
