using AutLearn.Graph;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;

namespace AutLearn.Compiler.OrtTraining;

/// <summary>The artifact set of ONNX Runtime's retired on-device training, for its engines 1.18 and 1.19.</summary>
/// <param name="Training">User inputs, labels, parameters and gradient buffers to the loss; gradients accumulate in the buffers.</param>
/// <param name="Evaluation">User inputs, labels and parameters to the loss and the user's outputs.</param>
/// <param name="Optimizer">The update of all trainable parameters at once.</param>
/// <param name="Checkpoint">The initial trainable and frozen parameters.</param>
public sealed record OrtTrainingArtifacts(OnnxModel Training, OnnxModel Evaluation, OnnxModel Optimizer, OfficialCheckpoint Checkpoint)
{
    /// <summary>The file name of the training model.</summary>
    public const string TrainingFile = "training_model.onnx";

    /// <summary>The file name of the evaluation model.</summary>
    public const string EvaluationFile = "eval_model.onnx";

    /// <summary>The file name of the optimizer model.</summary>
    public const string OptimizerFile = "optimizer_model.onnx";

    /// <summary>The file name of the checkpoint.</summary>
    public const string CheckpointFile = "checkpoint";

    /// <summary>Writes the four files; the folder is created if it is missing.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Save(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        OnnxFile.Write(Training, Path.Combine(folder, TrainingFile));
        OnnxFile.Write(Evaluation, Path.Combine(folder, EvaluationFile));
        OnnxFile.Write(Optimizer, Path.Combine(folder, OptimizerFile));
        File.WriteAllBytes(Path.Combine(folder, CheckpointFile), Checkpoint.ToBytes());
    }
}
