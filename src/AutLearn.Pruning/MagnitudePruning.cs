using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Pruning;

/// <summary>Sets the weights of smallest magnitude to zero, over all layers together.</summary>
/// <remarks>
/// Han et al. 2015, arXiv:1506.02626. Only weight matrices and kernels are pruned (the second input of Conv, ConvTranspose, Gemm and MatMul);
/// biases and normalization parameters are kept. Not safe for concurrent use on one model.
/// </remarks>
public static class MagnitudePruning
{
    /// <summary>Prunes a model in place.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sparsity">The share of all prunable weights that become zero, in [0, 1).</param>
    /// <returns>What each weight tensor holds afterwards, in graph order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of range.</exception>
    /// <exception cref="InvalidModelException">A weight is not finite.</exception>
    public static ImmutableArray<WeightSparsity> Apply(OnnxModel model, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegative(sparsity);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sparsity, 1);
        ImmutableArray<Value> weights = FindWeights(model.Graph);
        uint[] magnitudes = [.. weights.SelectMany(w => Magnitudes(w))];
        int zeros = (int)Math.Round(sparsity * magnitudes.Length);
        Array.Sort(magnitudes);
        uint threshold = zeros == 0 ? 0 : magnitudes[zeros - 1];

        // Equal magnitudes at the threshold are pruned in graph order until the count is met, so that the result is exact.
        int below = Array.BinarySearch(magnitudes, threshold);
        below = below < 0 ? ~below : below;
        while (below > 0 && magnitudes[below - 1] == threshold)
            below--;
        int ties = zeros - below;
        var report = ImmutableArray.CreateBuilder<WeightSparsity>(weights.Length);
        foreach (Value weight in weights)
            report.Add(Prune(model.Graph, weight, threshold, ref ties));
        return report.DrainToImmutable();
    }

    private static WeightSparsity Prune(OnnxGraph graph, Value weight, uint threshold, ref int ties)
    {
        Tensor tensor = weight.Initializer!;
        float[] values = tensor.Span<float>().ToArray();
        long zeros = 0;
        for (int i = 0; i < values.Length; i++)
        {
            uint magnitude = Magnitude(values[i]);
            if (magnitude < threshold || (magnitude == threshold && ties-- > 0))
                values[i] = 0;
            if (values[i] == 0)
                zeros++;
        }

        graph.SetInitializer(weight, Tensor.Of<float>(tensor.Dimensions.AsSpan(), values));
        return new(weight.Name, values.Length, zeros);
    }

    private static ImmutableArray<Value> FindWeights(OnnxGraph graph) =>
        [.. graph.Nodes
            .Where(n => n.Is("Conv") || n.Is("ConvTranspose") || n.Is("Gemm") || n.Is("MatMul"))
            .Select(n => n.Input(1))
            .Where(v => v is { IsConstant: true, ElementType: ElementType.Float32 })
            .Select(v => v!)
            .Distinct()];

    private static uint[] Magnitudes(Value weight)
    {
        ReadOnlySpan<float> values = weight.Initializer!.Span<float>();
        uint[] magnitudes = new uint[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new InvalidModelException($"Weight '{weight.Name}' holds {values[i]} at element {i}; a model that diverged cannot be pruned.");
            magnitudes[i] = Magnitude(values[i]);
        }

        return magnitudes;
    }

    // The bits of a non-negative float order as the floats do.
    private static uint Magnitude(float value) => BitConverter.SingleToUInt32Bits(Math.Abs(value));
}
