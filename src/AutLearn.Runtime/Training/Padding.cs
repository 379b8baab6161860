using System.Runtime.InteropServices;
using AutLearn.Graph;

namespace AutLearn.Runtime.Training;

/// <summary>Makes rows of one size: what is shorter ends in zeros, labels in one that the loss ignores.</summary>
internal static class Padding
{
    /// <summary>Copies a tensor into the beginning of a larger one along every axis; the rest of the target stays.</summary>
    /// <param name="from">The elements, row-major.</param>
    /// <param name="actual">Their sizes, each at most that of the target.</param>
    /// <param name="target">The larger tensor.</param>
    /// <param name="dimensions">Its sizes.</param>
    public static void Copy(ReadOnlySpan<byte> from, ReadOnlySpan<long> actual, Span<byte> target, ReadOnlySpan<long> dimensions)
    {
        if (actual.Length <= 1)
        {
            from.CopyTo(target);
            return;
        }

        int count = (int)actual[0], fromSize = from.Length / Math.Max(1, count), targetSize = target.Length / (int)dimensions[0];
        for (int i = 0; i < count; i++)
            Copy(from.Slice(i * fromSize, fromSize), actual[1..], target.Slice(i * targetSize, targetSize), dimensions[1..]);
    }

    /// <summary>Pads the rows of a batch to the largest among them.</summary>
    /// <param name="rows">The rows, not changed.</param>
    /// <param name="label">What fills labels.</param>
    /// <returns>The rows, themselves where they are of one size already.</returns>
    public static List<TrainingSample> Pad(List<TrainingSample> rows, long label)
    {
        long[][] inputs = [.. Enumerable.Range(0, rows[0].Inputs.Length).Select(i => LargestOf(rows, r => i < r.Inputs.Length ? r.Inputs[i] : null))];
        long[] labels = LargestOf(rows, r => r.Labels);
        return [.. rows.Select(r => new TrainingSample(
            [.. r.Inputs.Select((t, i) => i < inputs.Length ? Pad(t, inputs[i], 0) : t)],
            Pad(r.Labels, labels, label)))];
    }

    // Rows of different ranks are no matter of padding; they are refused where they meet.
    private static long[] LargestOf(List<TrainingSample> rows, Func<TrainingSample, Tensor?> tensor)
    {
        long[] largest = [.. tensor(rows[0])?.Dimensions ?? []];
        foreach (Tensor other in rows.Select(tensor).OfType<Tensor>().Where(t => t.Dimensions.Length == largest.Length))
        {
            for (int i = 0; i < largest.Length; i++)
                largest[i] = Math.Max(largest[i], other.Dimensions[i]);
        }

        return largest;
    }

    private static Tensor Pad(Tensor tensor, long[] dimensions, long fill)
    {
        if (tensor.Dimensions.Length != dimensions.Length || tensor.Dimensions.AsSpan().SequenceEqual(dimensions))
            return tensor;
        byte[] bytes = new byte[tensor.ElementType.SizeInBytes(dimensions.Aggregate(1L, (n, d) => checked(n * d)))];
        if (fill != 0 && tensor.ElementType == ElementType.Int64)
            MemoryMarshal.Cast<byte, long>(bytes.AsSpan()).Fill(fill);
        else if (fill != 0 && tensor.ElementType == ElementType.Int32)
            MemoryMarshal.Cast<byte, int>(bytes.AsSpan()).Fill(checked((int)fill));
        Copy(tensor.Bytes.Span, tensor.Dimensions.AsSpan(), bytes, dimensions);
        return new(tensor.ElementType, dimensions, bytes);
    }
}
