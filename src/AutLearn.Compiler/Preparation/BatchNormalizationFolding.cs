using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Folds frozen batch normalisation into the weights of the convolution before it.</summary>
/// <remarks>
/// With s = scale / sqrt(var + eps): W' = s W (by output channel), b' = (b - mean) s + bias. Computed in Float64.
/// Only where the convolution's result has no other reader and all weights are Float32 constants.
/// </remarks>
internal sealed class BatchNormalizationFolding : IPass
{
    private readonly IReadOnlySet<Node> _kept;

    /// <summary>Creates the pass.</summary>
    /// <param name="kept">Nodes to leave alone.</param>
    public BatchNormalizationFolding(IReadOnlySet<Node>? kept = null) => _kept = kept ?? new HashSet<Node>();

    public string Name => "batch-normalization-folding";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            if (!_kept.Contains(node) && node.Is("BatchNormalization") && Fold(graph, node))
                modified = true;
        }

        return modified;
    }

    private static bool Fold(OnnxGraph graph, Node normalization)
    {
        if (normalization.GetInt("training_mode", 0) != 0 || normalization.Outputs.Skip(1).Any(o => o is { Uses.Count: > 0 } or { IsOutput: true })
            || normalization.Input(0) is not { Producer: { } convolution, Uses.Count: 1, IsOutput: false } || !convolution.Is("Conv")
            || !ReferenceEquals(convolution.Owner, graph) || !IsFloatConstant(convolution.Input(1)) || (convolution.Input(2) is { } given && !IsFloatConstant(given))
            || !Enumerable.Range(1, 4).All(i => IsFloatConstant(normalization.Input(i))))
        {
            return false;
        }

        Tensor weight = convolution.Input(1)!.Initializer!;
        if (weight.Dimensions.IsEmpty || convolution.Input(2) is { Initializer: { } added } && added.Count != weight.Dimensions[0])
            return false;
        int channels = (int)weight.Dimensions[0];
        Tensor[] statistics = [.. Enumerable.Range(1, 4).Select(i => normalization.Input(i)!.Initializer!)];
        if (statistics.Any(t => t.Count != channels) || channels == 0)
            return false;
        double epsilon = normalization.GetFloat("epsilon", 1e-5f);
        ReadOnlySpan<float> scale = statistics[0].Span<float>(), shift = statistics[1].Span<float>(), mean = statistics[2].Span<float>(), variance = statistics[3].Span<float>();
        ReadOnlySpan<float> w = weight.Span<float>();
        ReadOnlySpan<float> b = convolution.Input(2) is { } bias ? bias.Initializer!.Span<float>() : new float[channels];
        float[] newWeight = new float[w.Length];
        float[] newBias = new float[channels];
        int inner = w.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            double factor = scale[c] / Math.Sqrt(variance[c] + epsilon);
            newBias[c] = (float)(((b[c] - mean[c]) * factor) + shift[c]);
            for (int i = 0; i < inner; i++)
                newWeight[(c * inner) + i] = (float)(w[(c * inner) + i] * factor);
        }

        Value weightValue = graph.AddInitializer(graph.UniqueName($"{convolution.Input(1)!.Name}.folded"), Tensor.Of<float>(weight.Dimensions.AsSpan(), newWeight));
        Value biasValue = graph.AddInitializer(graph.UniqueName($"{convolution.Input(1)!.Name}.folded_bias"), Tensor.Of<float>([channels], newBias));
        graph.SetInput(convolution, 1, weightValue);
        if (convolution.Inputs.Count < 3)
            graph.SetInput(convolution, convolution.Inputs.Count, biasValue);
        else
            graph.SetInput(convolution, 2, biasValue);

        Value output = normalization.Outputs[0]!;
        Value result = convolution.Outputs[0]!;
        string name = output.Name;
        graph.ReplaceAllUses(output, result);
        graph.Remove(normalization);
        graph.Rename(result, name);
        return true;
    }

    private static bool IsFloatConstant(Value? value) => value is { IsConstant: true, Initializer.ElementType: ElementType.Float32 };
}
