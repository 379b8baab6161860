using AutLearn.Graph;
using AutLearn.Graph.Artifacts.Official;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>A set that the retired tool of ONNX Runtime Training made (<c>generate_artifacts</c>), or AutLearn's official target.</summary>
public sealed record OrtTrainingSet
{
    /// <summary>Gets the evaluation model: the network and its loss, whose parameters are inputs. Its first output is the loss.</summary>
    public required OnnxModel Evaluation { get; init; }

    /// <summary>Gets the optimizer model.</summary>
    public required OnnxModel Optimizer { get; init; }

    /// <summary>Gets the checkpoint: what is trained, what is frozen, and the optimizer's moments.</summary>
    public required OfficialCheckpoint Checkpoint { get; init; }

    /// <summary>Gets the training model, which tells whether dropout and batch statistics took part in training; null to take it that they did not.</summary>
    public OnnxModel? Training { get; init; }
}
