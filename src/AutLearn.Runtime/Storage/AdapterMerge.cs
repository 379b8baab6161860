using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Storage;

/// <summary>Adds what low-rank adapters learned to the weights beside them, so that the model needs no adapters any more.</summary>
internal static class AdapterMerge
{
    /// <summary>Merges every adapter whose weight is a constant of the model; one beside weights of another form, such as integers, stays.</summary>
    /// <exception cref="InvalidArtifactException">An adapter does not stand in the model as the manifest says.</exception>
    public static void Run(OnnxGraph graph, ArtifactManifest manifest)
    {
        foreach (AdapterSpec adapter in manifest.Adapters)
            Merge(graph, adapter);
    }

    private static void Merge(OnnxGraph graph, AdapterSpec adapter)
    {
        if (graph.Find(adapter.Sum) is not { } sum)
            return;
        if (sum.Producer is not { } add || !add.Is("Add") || Unturned(add.Input(0))?.Producer is not { } product || product.Input(1) is not { } weight
            || graph.Find(adapter.Down)?.Initializer is not { } down || graph.Find(adapter.Up)?.Initializer is not { } up)
        {
            throw new InvalidArtifactException($"The manifest has an adapter at '{adapter.Sum}' that '{ArtifactNames.Inference}' lacks. Compile the model again.") { File = ArtifactNames.Inference };
        }

        if (weight.Initializer is not { } frozen || frozen.ElementType is not (ElementType.Float32 or ElementType.Float64 or ElementType.Float16))
            return;
        bool isTransposed = product.Is("Conv") || product.GetInt("transB", 0) != 0;
        Tensor merged = Sum(frozen, Matrix(down, product.Is("Conv")), Matrix(up, product.Is("Conv")), adapter, isTransposed);
        Value own = graph.AddInitializer(graph.UniqueName($"{weight.Name}.merged"), merged);
        graph.SetInput(product, 1, own);
        Value result = product.Outputs[0]!;
        string name = sum.Name;
        graph.ReplaceAllUses(sum, result);
        graph.Remove(add);
        graph.Rename(result, name);
        if (weight.Uses.Count > 0 || weight.IsOutput)
            return;
        string weightName = weight.Name;
        graph.Remove(weight);
        graph.Rename(own, weightName);
    }

    // Between backbone and head the compiler may have turned a value and turned it back.
    private static Value? Unturned(Value? value)
    {
        while (value?.Producer is { } back && back.Is("Transpose") && back.Input(0)?.Producer is { } forth && forth.Is("Transpose"))
            value = forth.Input(0);
        return value;
    }

    // Down as [K, rank] and up as [rank, M], row-major.
    private static double[] Matrix(Tensor tensor, bool isTransposed)
    {
        double[] values = Numbers(tensor);
        if (!isTransposed)
            return values;
        int rows = (int)tensor.Dimensions[0], columns = values.Length / Math.Max(1, rows);
        double[] turned = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
            turned[(i % columns * rows) + (i / columns)] = values[i];
        return turned;
    }

    // W + scale (down up), in double precision; W is [K, M], or [M, K, ...] where it is held transposed.
    private static Tensor Sum(Tensor weight, double[] down, double[] up, AdapterSpec adapter, bool isTransposed)
    {
        double[] values = Numbers(weight);
        int m = weight.Dimensions.Length < 2 ? 0 : (int)weight.Dimensions[isTransposed ? 0 : 1];
        int k = m == 0 ? 0 : values.Length / m;
        int rank = k == 0 ? 0 : down.Length / k;
        if (down.Length != (long)k * rank || up.Length != (long)rank * m)
            throw new InvalidArtifactException($"The adapter at '{adapter.Sum}' does not fit its weight of shape [{string.Join(",", weight.Dimensions)}]. Compile the model again.") { File = ArtifactNames.Inference };
        double[] row = new double[m];
        for (int i = 0; i < k; i++)
        {
            Array.Clear(row);
            for (int r = 0; r < rank; r++)
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(up.AsSpan(r * m, m), adapter.Scale * down[(i * rank) + r], row, row);
            for (int j = 0; j < m; j++)
                values[isTransposed ? (j * k) + i : (i * m) + j] += row[j];
        }

        return weight.ElementType switch
        {
            ElementType.Float64 => Tensor.Of<double>(weight.Dimensions.AsSpan(), values),
            ElementType.Float16 => Tensor.Of<Half>(weight.Dimensions.AsSpan(), Array.ConvertAll(values, v => (Half)v)),
            _ => Tensor.Of<float>(weight.Dimensions.AsSpan(), Array.ConvertAll(values, v => (float)v)),
        };
    }

    private static double[] Numbers(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Float64 => tensor.Span<double>().ToArray(),
        ElementType.Float16 => Array.ConvertAll(tensor.Span<Half>().ToArray(), v => (double)v),
        _ => Array.ConvertAll(tensor.Span<float>().ToArray(), v => (double)v),
    };
}
