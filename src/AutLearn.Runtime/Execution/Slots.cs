using System.Numerics.Tensors;
using AutLearn.Graph;

namespace AutLearn.Runtime.Execution;

/// <summary>Checks what the caller gives against the slots of a model.</summary>
internal static class Slots
{
    /// <summary>Checks a tensor and settles sizes by it.</summary>
    /// <exception cref="ArgumentException">Type or shape do not fit.</exception>
    public static void Match(TensorSlot slot, TensorBuffer buffer, Span<long> sizes)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        if (buffer.ElementType != slot.ElementType || !slot.TryMatch(buffer.Dimensions, sizes))
            throw new ArgumentException($"The tensor {buffer} does not fit '{slot}' and the tensors before it; shapes must agree and have at least one row.");
    }

    /// <summary>Gets the rows that a number of elements make.</summary>
    /// <exception cref="ArgumentException">They make no whole number of rows, or none.</exception>
    public static long RowsOf(TensorSlot slot, int elements)
    {
        if (!slot.DependsOnBatchAlone)
            throw new ArgumentException($"The size of '{slot}' depends on more than the rows. Pass buffers.");
        long row = slot.ElementsPerRow();
        if (row == 0 || elements == 0 || elements % row != 0)
            throw new ArgumentException($"{elements} values make no whole number of rows of '{slot}', which takes {row} a row.");
        return elements / row;
    }

    /// <summary>Checks that the caller's tensors settled every size.</summary>
    /// <exception cref="ArgumentException">A size is open.</exception>
    public static void CheckSettled(ReadOnlySpan<long> sizes, string file)
    {
        if (sizes.Contains(0))
            throw new ArgumentException($"The tensors leave a size of '{file}' open. Pass all of them as buffers with shapes.");
    }

    /// <summary>Writes numbers as labels.</summary>
    /// <exception cref="ArgumentException">The count or the labels' type do not fit.</exception>
    public static void WriteNumbers(ReadOnlySpan<float> values, TensorBuffer labels)
    {
        if (values.Length != labels.Count)
            throw new ArgumentException($"The rows take {labels.Count} labels, not {values.Length}.", nameof(values));
        switch (labels.ElementType)
        {
            case ElementType.Float32:
                values.CopyTo(labels.Span<float>());
                break;
            case ElementType.Float64:
                TensorPrimitives.ConvertTruncating(values, labels.Span<double>());
                break;
            case ElementType.Float16:
                TensorPrimitives.ConvertToHalf(values, labels.Span<Half>());
                break;
            default:
                throw new ArgumentException($"The model takes labels as {labels.ElementType}, not as fractions.", nameof(values));
        }
    }

    /// <summary>Writes class numbers as labels.</summary>
    /// <exception cref="ArgumentException">The count or the labels' type do not fit.</exception>
    public static void WriteClasses(ReadOnlySpan<long> classes, TensorBuffer labels)
    {
        if (classes.Length != labels.Count)
            throw new ArgumentException($"The rows take {labels.Count} labels, not {classes.Length}.", nameof(classes));
        switch (labels.ElementType)
        {
            case ElementType.Int64:
                classes.CopyTo(labels.Span<long>());
                break;
            case ElementType.Int32:
                Span<int> narrow = labels.Span<int>();
                for (int i = 0; i < narrow.Length; i++)
                    narrow[i] = checked((int)classes[i]);
                break;
            default:
                throw new ArgumentException($"The model takes labels as {labels.ElementType}, not as class numbers. Pass a buffer.", nameof(classes));
        }
    }
}
