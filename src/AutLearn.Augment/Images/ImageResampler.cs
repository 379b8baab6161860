using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AutLearn.Augment.Images;

/// <summary>Resizes along rows, then along columns; of the source one narrowed row is held at a time.</summary>
internal static class ImageResampler
{
    /// <summary>The numbers of a pixel in the result: red, green, blue and one without meaning.</summary>
    public const int ValuesPerPixel = 4;

    /// <summary>Resizes.</summary>
    /// <param name="image">The source.</param>
    /// <param name="columns">The weights along a row.</param>
    /// <param name="rows">The weights along a column.</param>
    /// <param name="target">Receives grey levels, unrounded; <see cref="ValuesPerPixel"/> each.</param>
    public static void Resize(PixelImage image, ResampleWeights columns, ResampleWeights rows, Span<float> target)
    {
        int width = columns.Targets * ValuesPerPixel;
        target.Clear();
        float[] rented = ArrayPool<float>.Shared.Rent(width);
        try
        {
            Span<float> narrowed = rented.AsSpan(0, width);
            int firstTarget = 0;

            // The windows of the targets begin and end in order.
            for (int y = rows.Source[0]; y < End(rows, rows.Targets - 1); y++)
            {
                while (End(rows, firstTarget) <= y)
                    firstTarget++;
                if (rows.Source[firstTarget] > y)
                    continue;
                Narrow(image.Pixels.Slice(y * image.Width, image.Width), columns, narrowed);
                for (int t = firstTarget; t < rows.Targets && rows.Source[t] <= y; t++)
                {
                    Span<float> row = target.Slice(t * width, width);
                    TensorPrimitives.MultiplyAdd(narrowed, rows.Weight[rows.First[t] + y - rows.Source[t]], row, row);
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private static int End(ResampleWeights weights, int target) => weights.Source[target] + weights.First[target + 1] - weights.First[target];

    private static void Narrow(ReadOnlySpan<uint> row, ResampleWeights columns, Span<float> narrowed)
    {
        Span<Vector128<float>> result = MemoryMarshal.Cast<float, Vector128<float>>(narrowed);
        for (int x = 0; x < result.Length; x++)
        {
            int first = columns.First[x];
            ReadOnlySpan<float> weights = columns.Weight.AsSpan(first, columns.First[x + 1] - first);
            ReadOnlySpan<uint> pixels = row.Slice(columns.Source[x], weights.Length);
            Vector128<float> sum = Vector128<float>.Zero;
            for (int k = 0; k < weights.Length; k++)
                sum += Levels(pixels[k]) * weights[k];
            result[x] = sum;
        }
    }

    private static Vector128<float> Levels(uint pixel) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(pixel).AsByte())).AsInt32());
}
