using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>Reads official optimizer models.</summary>
internal static class OptimizerRecognition
{
    private const string Domain = "com.microsoft";

    /// <summary>Reads the optimizer and what it clips by.</summary>
    /// <exception cref="AutLearnException">The model is none of an optimizer that is known.</exception>
    public static (Optimizer Optimizer, double? ClipNorm) Read(OnnxModel model)
    {
        Node[] updates = [.. model.Graph.Nodes.Where(n => n.Domain == Domain && n.OpType is "AdamWOptimizer" or "SGDOptimizerV2")];
        if (updates.Length != 1)
        {
            throw new AutLearnException(
                $"The optimizer model has {updates.Length} nodes AdamWOptimizer or SGDOptimizerV2, where there is one in those that the official tool writes; its operators are {string.Join(", ", model.Graph.Nodes.Select(n => n.OpType).Distinct().Take(8))}. Give the file that is called optimizer_model.onnx.");
        }

        Node update = updates[0];
        try
        {
            return update.OpType == "AdamWOptimizer" ? (AdamW(update), ClipNormOf(update.Input(3), update)) : (new SgdOptimizer(), ClipNormOf(update.Input(2), update));
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new AutLearnException($"The optimizer model's node '{update.DisplayName}' ({update.OpType}) has a setting out of range: {error.Message}", error);
        }
    }

    // The defaults are those of the operator. Numbers stay what the engine computes with: floats.
    private static AdamWOptimizer AdamW(Node node) => new()
    {
        Beta1 = node.GetFloat("alpha", 0.9f),
        Beta2 = node.GetFloat("beta", 0.999f),
        Epsilon = node.GetFloat("epsilon", 1e-8f),
        WeightDecay = node.GetFloat("weight_decay", 1e-2f),
        Form = node.GetInt("adam_mode", 0) switch
        {
            0 => AdamWForm.Torch,
            1 => AdamWForm.Transformers,
            var mode => throw new ArgumentOutOfRangeException(nameof(node), mode, "adam_mode is 0 or 1."),
        },
        SkipsBiasCorrection = node.GetInt("correct_bias", 1) == 0,
    };

    // InplaceClipGradNorm(gradients), or in sets of 1.14 Clip(limit / (ReduceAllL2(...) + 1e-6), max 1) times each gradient.
    private static double? ClipNormOf(Value? gradients, Node update)
    {
        if (gradients?.Producer is not { } node)
            return null;
        if (node is { Domain: Domain, OpType: "InplaceClipGradNorm" })
            return Positive(node.GetFloat("max_norm", 1), node);
        Value?[] parts = node.Is("SequenceConstruct") ? [.. node.Inputs] : [gradients];
        if (parts.All(p => p is { Producer: null }))
            return null;
        Value? limit = parts[0]?.EitherOrder("Mul").Select(m => m.Right.Argument("Clip")?.Arguments("Div")).FirstOrDefault(d => d is not null)?.Left;
        bool isByNorm = limit is not null && node.Owner.Nodes.Any(n => n is { Domain: Domain, OpType: "ReduceAllL2" });
        return isByNorm && limit is { IsConstant: true, Initializer: { Count: 1, ElementType: ElementType.Float32 } tensor }
            ? Positive(tensor.Span<float>()[0], node)
            : throw new AutLearnException($"The optimizer model's node '{node.DisplayName}' ({node.OpType}) changes the gradients before '{update.DisplayName}' in a way that is not known; clipping by their norm is.");
    }

    private static double Positive(float norm, Node node) => norm > 0 && float.IsFinite(norm)
        ? norm
        : throw new AutLearnException($"The optimizer model's node '{node.DisplayName}' clips gradients to the norm {norm}, which is no number above 0.");
}
