using AutLearn.Graph;

namespace AutLearn.Runtime.Tests.Updates;

/// <summary>A small network with seeded weights, and batches for it.</summary>
internal static class Perceptron
{
    public const int Inputs = 7;
    public const int Hidden = 37;
    public const int Classes = 5;
    public const int Rows = 12;

    public static OnnxModel Create(ElementType type = ElementType.Float32, int hidden = Hidden)
    {
        var random = new Random(3);
        var graph = new OnnxGraph("perceptron");
        Value x = graph.AddInput("x", new(type, new Shape("N", Inputs)));
        Value h = Apply("Tanh", Apply("Gemm", x, Weight("w1", Inputs, hidden), Weight("b1", hidden)));
        graph.AddOutput(Apply("Gemm", h, Weight("w2", hidden, Classes), Weight("b2", Classes)));
        return new(graph, 18);

        Value Weight(string name, params long[] sizes)
        {
            float[] values = [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5))];
            return graph.AddInitializer(name, type == ElementType.Float16 ? Tensor.Of<Half>(sizes, [.. values.Select(v => (Half)v)]) : Tensor.Of<float>(sizes, values));
        }

        Value Apply(string operation, params Value[] inputs) => graph.AddNode(operation, inputs, [graph.UniqueName(operation)]).Outputs[0]!;
    }

    public static (float[] Input, long[] Labels) Batch(int index, int rows = Rows)
    {
        var random = new Random(100 + index);
        return (
            [.. Enumerable.Range(0, rows * Inputs).Select(_ => (float)((2 * random.NextDouble()) - 1))],
            [.. Enumerable.Range(0, rows).Select(_ => (long)random.Next(Classes))]);
    }

    /// <summary>Gets a parameter or state as it serves.</summary>
    public static double[] Values(PersonalModel model, string name)
    {
        Assert.True(model.Sets.TryGetIndex(name, out int index));
        int set = model.Sets.Acquire(out _);
        try
        {
            TensorBuffer buffer = model.Sets.Buffer(set, index);
            return buffer.ElementType switch
            {
                ElementType.Float16 => [.. buffer.Span<Half>().ToArray().Select(v => (double)v)],
                ElementType.Int64 => [.. buffer.Span<long>().ToArray().Select(v => (double)v)],
                _ => [.. buffer.Span<float>().ToArray().Select(v => (double)v)],
            };
        }
        finally
        {
            model.Sets.Release(set);
        }
    }

    /// <summary>Gets the names of all parameters and states.</summary>
    public static string[] Names(PersonalModel model) => [.. model.Parameters.Select(p => p.Tensor.Name), .. model.Manifest.OptimizerState.Select(s => s.Tensor.Name)];

    /// <summary>Gets the largest difference of two tensors, as a share of the larger one's largest number.</summary>
    public static double Difference(double[] a, double[] b)
    {
        double scale = Math.Max(a.Max(Math.Abs), b.Max(Math.Abs));
        return scale == 0 ? 0 : a.Zip(b, (x, y) => Math.Abs(x - y)).Max() / scale;
    }
}
