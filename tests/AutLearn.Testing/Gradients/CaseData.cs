using AutLearn.Graph;

namespace AutLearn.Testing.Gradients;

/// <summary>Draws the inputs of gradient cases and converts between tensors and doubles.</summary>
public static class CaseData
{
    /// <summary>Draws every input; absent ones are null.</summary>
    public static Tensor?[] Draw(GradientCase row, int seed) =>
        [.. row.Inputs.Select((input, i) => input.Place == CaseInputPlace.Absent ? null : input.Literal ?? Draw(row, i, seed))];

    /// <summary>Draws every input, with the special points in front.</summary>
    public static Tensor?[] DrawSpecial(GradientCase row, int seed)
    {
        Tensor?[] inputs = Draw(row, seed);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (row.Inputs[i].SpecialPoints.Length == 0)
                continue;
            double[] values = ToDoubles(inputs[i]!);
            row.Inputs[i].SpecialPoints.CopyTo(values);
            inputs[i] = FromDoubles(row.ElementType, inputs[i]!.Dimensions.AsSpan(), values);
        }

        return inputs;
    }

    /// <summary>Draws one input.</summary>
    public static Tensor Draw(GradientCase row, int index, int seed)
    {
        CaseInput input = row.Inputs[index];
        var random = new Random((seed * 1009) + index);
        double[] values = input.Draw(random, (int)input.Dimensions.Aggregate(1L, (a, b) => a * b));
        return FromDoubles(row.ElementType, input.Dimensions.AsSpan(), values);
    }

    public static double[] ToDoubles(Tensor tensor)
    {
        double[] values = new double[tensor.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = tensor.ElementType == ElementType.Float32 ? tensor.Span<float>()[i] : tensor.Span<double>()[i];
        return values;
    }

    public static Tensor FromDoubles(ElementType type, ReadOnlySpan<long> dimensions, double[] values) =>
        type == ElementType.Float32
            ? Tensor.Of<float>(dimensions, Array.ConvertAll(values, v => (float)v))
            : Tensor.Of<double>(dimensions, values);
}
