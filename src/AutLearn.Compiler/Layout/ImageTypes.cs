using AutLearn.Graph;

namespace AutLearn.Compiler.Layout;

/// <summary>Types of image activations: NCHW as ONNX has them, CNHW as <see cref="ChannelMajorLayout"/> holds them.</summary>
internal static class ImageTypes
{
    /// <summary>Tells whether a value is a batch of images whose channels and plane are numbers, and whose batch is at least named.</summary>
    public static bool IsImage(Value? value) =>
        value?.Shape is { Rank: 4 } shape
        && value.ElementType is ElementType.Float32 or ElementType.Float64
        && (shape[0].IsKnown || shape[0].Symbol is not null)
        && shape.Skip(1).All(d => d.IsKnown && d.Size > 0);

    /// <summary>Swaps batch and channels: NCHW to CNHW and back.</summary>
    public static TensorType Swap(TensorType type) =>
        type with { Shape = new Shape([type.Shape![1], type.Shape[0], .. type.Shape.Skip(2)]) };

    /// <summary>The size of some dimensions seen as one: a number where all are, else a symbol.</summary>
    public static Dimension Product(params ReadOnlySpan<Dimension> dimensions)
    {
        long known = 1;
        string? symbol = null;
        foreach (Dimension dimension in dimensions)
        {
            if (dimension.IsKnown)
                known = checked(known * dimension.Size);
            else
                symbol = symbol is null ? dimension.Symbol : $"{symbol}*{dimension.Symbol}";
        }

        return symbol is null ? known : known == 1 ? symbol : $"{symbol}*{known}";
    }

    /// <summary>Counts the elements of one image of the batch.</summary>
    public static long ElementsPerImage(Shape shape) => shape.Skip(1).Aggregate(1L, (n, d) => checked(n * d.Size));
}
