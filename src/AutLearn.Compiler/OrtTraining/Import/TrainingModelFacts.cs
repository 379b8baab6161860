using AutLearn.Graph;
using AutLearn.Graph.Artifacts.Official;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>What only the training model of an official set tells.</summary>
/// <param name="HasBatchStatistics">Whether a batch normalisation uses each batch's own statistics.</param>
/// <param name="HasDropout">Whether a dropout drops.</param>
internal sealed record TrainingModelFacts(bool HasBatchStatistics, bool HasDropout)
{
    private const string Domain = "com.microsoft";
    private const string BufferSuffix = "_grad.accumulation.buffer";

    /// <summary>Reads a training model and checks that it belongs to a checkpoint.</summary>
    /// <exception cref="AutLearnException">It trains other parameters.</exception>
    public static TrainingModelFacts Of(OnnxModel? training, OfficialCheckpoint checkpoint)
    {
        if (training is null)
            return new(false, false);
        string[] trained = [.. training.Graph.Inputs.Select(i => i.Name).Where(n => n.EndsWith(BufferSuffix, StringComparison.Ordinal)).Select(n => n[..^BufferSuffix.Length])];
        if (trained.Length == 0)
            throw new AutLearnException($"The training model has no input whose name ends in '{BufferSuffix}', as those that the official tool writes have. Give the file that is called training_model.onnx.");
        string[] others = [.. trained.Where(t => !checkpoint.Trainable.ContainsKey(t)).Concat(checkpoint.Trainable.Keys.Except(trained)).Select(n => $"'{n}'")];
        if (others.Length > 0)
            throw new AutLearnException($"The training model and the checkpoint do not agree about what is trained: {string.Join(", ", others.Take(5))}{(others.Length > 5 ? ", ..." : "")}. Give those that were made together.");
        return new(training.Graph.Nodes.Any(UsesBatchStatistics), training.Graph.Nodes.Any(Drops));
    }

    private static bool UsesBatchStatistics(Node node) =>
        node is { Domain: Domain, OpType: "BatchNormInternal" } || (node.Is("BatchNormalization") && node.GetInt("training_mode", 0) == 1);

    // The third input of a dropout says so, also of those that the engine writes.
    private static bool Drops(Node node) => (node.Is("Dropout") || node is { Domain: Domain, OpType: "BitmaskDropout" or "DropoutInternal" }) && IsTrue(node.Input(2));

    private static bool IsTrue(Value? value) =>
        (value?.Initializer ?? (value?.Producer is { } constant && constant.Is("Constant") ? constant.GetTensor("value") : null)) is { ElementType: ElementType.Bool, Count: 1 } flag
        && flag.Bytes.Span[0] != 0;
}
