using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Evaluates operators that move elements without changing them, for every type of whole bytes.</summary>
internal static class TensorMovement
{
    public static Tensor? Evaluate(Node node, Tensor?[] inputs, long limitInBytes)
    {
        Tensor source = inputs[0]!;
        if (source.ElementType.SizeInBits() < 8)
            return null;
        return node.OpType switch
        {
            "Gather" => Gather(node, source, inputs[1]!, limitInBytes),
            "Slice" => Slice(source, inputs, limitInBytes),
            "Concat" => Concat(node, inputs, limitInBytes),
            "Transpose" => Transpose(node, source, limitInBytes),
            "Expand" => Expand(source, inputs[1]!, limitInBytes),
            _ => null,
        };
    }

    /// <summary>Gets the row-major strides, in elements.</summary>
    public static long[] StridesOf(ReadOnlySpan<long> sizes)
    {
        long[] strides = new long[sizes.Length];
        long stride = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride = checked(stride * sizes[i]);
        }

        return strides;
    }

    /// <summary>Gets the strides with which a tensor is read as if broadcast to a shape.</summary>
    public static long[] BroadcastStrides(Tensor tensor, ReadOnlySpan<long> to)
    {
        long[] own = StridesOf(tensor.Dimensions.AsSpan());
        long[] strides = new long[to.Length];
        int lead = to.Length - own.Length;
        for (int i = lead; i < to.Length; i++)
            strides[i] = tensor.Dimensions[i - lead] == 1 ? 0 : own[i - lead];
        return strides;
    }

    /// <summary>Gets the shape that two shapes broadcast to.</summary>
    /// <exception cref="ArgumentException">They do not broadcast.</exception>
    public static long[] BroadcastSizes(ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        long[] result = new long[Math.Max(a.Length, b.Length)];
        for (int i = 0; i < result.Length; i++)
        {
            int ia = i - (result.Length - a.Length), ib = i - (result.Length - b.Length);
            long x = ia >= 0 ? a[ia] : 1, y = ib >= 0 ? b[ib] : 1;
            if (x != y && x != 1 && y != 1)
                throw new ArgumentException($"Sizes {x} and {y} do not broadcast.");
            result[i] = x == 1 ? y : x;
        }

        return result;
    }

    private static Tensor? Pick(Tensor source, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, long offset, long limitInBytes)
    {
        long count = 1;
        foreach (long size in sizes)
            count = checked(count * size);
        if (source.ElementType.SizeInBytes(count) > limitInBytes)
            return null;
        int width = source.ElementType.SizeInBits() / 8;
        ReadOnlySpan<byte> from = source.Bytes.Span;
        byte[] to = new byte[count * width];
        var walk = new StridedWalk(sizes, strides, offset);
        for (int at = 0; at < to.Length; at += width, walk.MoveNext())
            from.Slice(checked((int)(walk.Index * width)), width).CopyTo(to.AsSpan(at));
        return new Tensor(source.ElementType, sizes, to);
    }

    private static Tensor? Gather(Node node, Tensor source, Tensor indices, long limitInBytes)
    {
        if (ConstantEvaluator.Integers(indices) is not { } picked)
            return null;
        int axis = AxisOf(node.GetInt("axis", 0), source.Dimensions.Length);
        long size = source.Dimensions[axis];
        long outer = source.Dimensions.Take(axis).Aggregate(1L, (a, b) => checked(a * b));
        long inner = source.Dimensions.Skip(axis + 1).Aggregate(1L, (a, b) => checked(a * b));
        if (picked.Any(i => i < -size || i >= size) || source.ElementType.SizeInBytes(checked(outer * picked.Length * inner)) > limitInBytes)
            return null;
        int block = checked((int)source.ElementType.SizeInBytes(inner));
        byte[] to = new byte[outer * picked.Length * block];
        int next = 0;
        for (long o = 0; o < outer; o++)
        {
            foreach (long index in picked)
            {
                long from = ((o * size) + (index < 0 ? index + size : index)) * block;
                source.Bytes.Span.Slice((int)from, block).CopyTo(to.AsSpan(next));
                next += block;
            }
        }

        return new Tensor(source.ElementType, [.. source.Dimensions.Take(axis), .. indices.Dimensions, .. source.Dimensions.Skip(axis + 1)], to);
    }

    private static Tensor? Slice(Tensor source, Tensor?[] inputs, long limitInBytes)
    {
        if (ConstantEvaluator.Integers(inputs[1]) is not { } starts || ConstantEvaluator.Integers(inputs[2]) is not { } ends)
            return null;
        long[] axes = ConstantEvaluator.Integers(inputs.ElementAtOrDefault(3)) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = ConstantEvaluator.Integers(inputs.ElementAtOrDefault(4)) ?? [.. starts.Select(_ => 1L)];
        long[] sizes = [.. source.Dimensions];
        long[] strides = StridesOf(sizes);
        long offset = 0;
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = AxisOf(axes[i], sizes.Length);
            long size = source.Dimensions[axis];
            long low = steps[i] > 0 ? 0 : -1, high = steps[i] > 0 ? size : size - 1;
            long start = Math.Clamp(starts[i] < 0 ? starts[i] + size : starts[i], low < 0 ? 0 : low, high);
            long end = Math.Clamp(ends[i] < 0 ? ends[i] + size : ends[i], low, high);
            long distance = steps[i] > 0 ? end - start : start - end;
            long step = Math.Abs(steps[i]);
            offset += start * strides[axis];
            sizes[axis] = Math.Max(0, (distance + step - 1) / step);
            strides[axis] *= steps[i];
        }

        return Pick(source, sizes, strides, offset, limitInBytes);
    }

    private static Tensor? Concat(Node node, Tensor?[] inputs, long limitInBytes)
    {
        Tensor first = inputs[0]!;
        int axis = AxisOf(node.GetInt("axis", 0), first.Dimensions.Length);
        if (inputs.Any(t => t is null || t.ElementType != first.ElementType) || inputs.Sum(t => (long)t!.Bytes.Length) > limitInBytes)
            return null;
        int outer = (int)first.Dimensions.Take(axis).Aggregate(1L, (a, b) => a * b);
        byte[] bytes = new byte[inputs.Sum(t => t!.Bytes.Length)];
        int at = 0;
        for (int o = 0; o < outer; o++)
        {
            foreach (Tensor? tensor in inputs)
            {
                int part = tensor!.Bytes.Length / outer;
                tensor.Bytes.Span.Slice(o * part, part).CopyTo(bytes.AsSpan(at));
                at += part;
            }
        }

        long[] sizes = [.. first.Dimensions];
        sizes[axis] = inputs.Sum(t => t!.Dimensions[axis]);
        return new Tensor(first.ElementType, sizes, bytes);
    }

    private static Tensor? Transpose(Node node, Tensor source, long limitInBytes)
    {
        int rank = source.Dimensions.Length;
        long[] permutation = node.GetInts("perm") is { } given ? [.. given] : [.. Enumerable.Range(0, rank).Reverse().Select(i => (long)i)];
        long[] strides = StridesOf(source.Dimensions.AsSpan());
        return Pick(source, [.. permutation.Select(p => source.Dimensions[(int)p])], [.. permutation.Select(p => strides[p])], 0, limitInBytes);
    }

    private static Tensor? Expand(Tensor source, Tensor shape, long limitInBytes)
    {
        if (ConstantEvaluator.Integers(shape) is not { } target)
            return null;
        long[] sizes = BroadcastSizes(source.Dimensions.AsSpan(), target);
        return Pick(source, sizes, BroadcastStrides(source, sizes), 0, limitInBytes);
    }

    private static int AxisOf(long axis, int rank)
    {
        long fromFront = axis < 0 ? axis + rank : axis;
        return fromFront >= 0 && fromFront < rank ? (int)fromFront : throw new ArgumentException($"Axis {axis} lies outside rank {rank}.");
    }
}
