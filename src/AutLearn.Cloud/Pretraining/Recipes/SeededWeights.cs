using AutLearn.Graph;

namespace AutLearn.Cloud.Pretraining.Recipes;

/// <summary>Adds initial weights to a graph; equal seeds give equal weights, drawn in the order in which they are added.</summary>
internal sealed class SeededWeights
{
    private readonly OnnxGraph _graph;
    private readonly Random _random;

    public SeededWeights(OnnxGraph graph, int seed)
    {
        _graph = graph;
        _random = new(seed);
    }

    /// <summary>Uniform numbers in [-bound, bound).</summary>
    public Value Uniform(string name, double bound, params ReadOnlySpan<long> sizes)
    {
        float[] values = new float[CountOf(sizes)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(bound * ((2 * _random.NextDouble()) - 1));
        return _graph.AddInitializer(name, Tensor.Of<float>(sizes, values));
    }

    /// <summary>Normally distributed numbers of mean 0 (Box and Muller 1958).</summary>
    public Value Normal(string name, double deviation, params ReadOnlySpan<long> sizes)
    {
        float[] values = new float[CountOf(sizes)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        return _graph.AddInitializer(name, Tensor.Of<float>(sizes, values));
    }

    public Value Constant(string name, float value, params ReadOnlySpan<long> sizes)
    {
        float[] values = new float[CountOf(sizes)];
        Array.Fill(values, value);
        return _graph.AddInitializer(name, Tensor.Of<float>(sizes, values));
    }

    private static int CountOf(ReadOnlySpan<long> sizes)
    {
        long count = 1;
        foreach (long size in sizes)
            count = checked(count * size);
        return checked((int)count);
    }
}
