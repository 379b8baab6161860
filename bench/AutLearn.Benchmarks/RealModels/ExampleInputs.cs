using AutLearn.Graph;

namespace AutLearn.Benchmarks.RealModels;

/// <summary>Made-up inputs for a model of which nothing is known but its signature.</summary>
/// <param name="rows">The batch size, where the batch is free.</param>
/// <param name="size">What other free sizes are.</param>
/// <param name="seed">Equal seeds give equal inputs.</param>
internal sealed class ExampleInputs(int rows, int size, int seed)
{
    /// <summary>Makes a tensor for an input: pictures and features uniform in [-1, 1], tokens among the first ten, masks of ones, counts of the free size.</summary>
    /// <param name="name">The input's name, which tells masks and counts from tokens.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its declared shape.</param>
    /// <param name="isBatch">Tells whether a dimension is the batch.</param>
    public Tensor Of(string name, ElementType type, Shape shape, Func<Dimension, int, bool> isBatch)
    {
        long[] sizes = [.. shape.Select((d, axis) => d.IsKnown ? d.Size : isBatch(d, axis) ? rows : size)];
        long count = sizes.Aggregate(1L, (a, b) => a * b);
        var random = new Random(HashCode.Combine(seed, name.Length));
        double[] values = new double[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = Number(name, type, random);
        return ToTensor(type, sizes, values);
    }

    private double Number(string name, ElementType type, Random random)
    {
        if (type.IsFloatingPoint())
            return name.Contains("mask", StringComparison.OrdinalIgnoreCase) ? 1 : (2 * random.NextDouble()) - 1;
        if (type == ElementType.Bool || name.Contains("mask", StringComparison.OrdinalIgnoreCase))
            return 1;
        if (name.Contains("type", StringComparison.OrdinalIgnoreCase) || name.Contains("segment", StringComparison.OrdinalIgnoreCase))
            return 0;
        if (name is "sr" or "sample_rate")
            return 16000;
        if (name.Contains("len", StringComparison.OrdinalIgnoreCase))
            return size;
        return type is ElementType.UInt8 or ElementType.Int8 ? random.Next(0, 128) : random.Next(1, 10);
    }

    private static Tensor ToTensor(ElementType type, long[] sizes, double[] values) => type switch
    {
        ElementType.Float32 => Tensor.Of<float>(sizes, Array.ConvertAll(values, v => (float)v)),
        ElementType.Float64 => Tensor.Of<double>(sizes, values),
        ElementType.Float16 => Tensor.Of<Half>(sizes, Array.ConvertAll(values, v => (Half)v)),
        ElementType.Int64 => Tensor.Of<long>(sizes, Array.ConvertAll(values, v => (long)v)),
        ElementType.Int32 => Tensor.Of<int>(sizes, Array.ConvertAll(values, v => (int)v)),
        ElementType.UInt8 => Tensor.Of<byte>(sizes, Array.ConvertAll(values, v => (byte)v)),
        ElementType.Int8 => Tensor.Of<sbyte>(sizes, Array.ConvertAll(values, v => (sbyte)v)),
        ElementType.Bool => Tensor.Of<bool>(sizes, Array.ConvertAll(values, v => v != 0)),
        _ => throw new NotSupportedException($"No example of type {type} can be made."),
    };
}
