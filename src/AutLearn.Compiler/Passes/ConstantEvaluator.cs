using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Evaluates single nodes on constants: shape arithmetic, data movement and simple arithmetic.</summary>
internal static class ConstantEvaluator
{
    /// <summary>Computes the node's only output.</summary>
    /// <param name="node">A node of the default domain.</param>
    /// <param name="limitInBytes">The largest result to compute.</param>
    /// <returns>The result; null where an input is not constant, the operator is not among those known here, or the result is too large.</returns>
    public static Tensor? Evaluate(Node node, long limitInBytes)
    {
        if (node.Domain.Length > 0 || limitInBytes < 0)
            return null;
        try
        {
            if (FromShape(node, limitInBytes) is { } known)
                return known;
            if (node.Inputs.Count == 0 || node.Inputs.Any(i => i is { IsConstant: false }) || node.Input(0) is null)
                return null;
            Tensor?[] inputs = [.. node.Inputs.Select(i => i?.Initializer)];
            return node.OpType switch
            {
                "Reshape" or "Unsqueeze" or "Squeeze" or "Flatten" => Reshaped(node, inputs),
                "Identity" => inputs[0],
                "Gather" or "Slice" or "Concat" or "Transpose" or "Expand" => TensorMovement.Evaluate(node, inputs, limitInBytes),
                _ => TensorArithmetic.Evaluate(node, inputs, limitInBytes),
            };
        }
        catch (Exception e) when (e is ArithmeticException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            // A node with contradictory constants stays as it is: the checker and the runtime name it better than folding can.
            return null;
        }
    }

    /// <summary>Gets the elements of an integer tensor as Int64, or null for other types.</summary>
    public static long[]? Integers(Tensor? tensor) => tensor?.ElementType switch
    {
        ElementType.Int64 => tensor.Span<long>().ToArray(),
        ElementType.Int32 => Array.ConvertAll(tensor.Span<int>().ToArray(), v => (long)v),
        _ => null,
    };

    // Shape and Size need types only; so do Gather and Slice of a Shape of which the picked sizes are known.
    private static Tensor? FromShape(Node node, long limitInBytes)
    {
        if (node.Is("Size") && node.Input(0)?.Shape?.ElementCount() is { } count)
            return Tensor.Scalar(count);
        if (node.Is("Shape"))
            return Sizes(node) is { } all && all.All(d => d.IsKnown) ? Tensor.Vector<long>([.. all.Select(d => d.Size)]) : null;
        if (node.Input(0)?.Producer is not { } producer || !producer.Is("Shape") || Sizes(producer) is not { } sizes)
            return null;
        if (node.Is("Gather") && node.Input(1) is { IsConstant: true } index && Integers(index.Initializer) is { } indices)
        {
            if (indices.Any(i => i < -sizes.Length || i >= sizes.Length) || indices.Length * sizeof(long) > limitInBytes)
                return null;
            Dimension[] picked = [.. indices.Select(i => sizes[i < 0 ? i + sizes.Length : i])];
            return picked.All(d => d.IsKnown) ? Tensor.Of<long>(index.Initializer!.Dimensions.AsSpan(), [.. picked.Select(d => d.Size)]) : null;
        }

        if (node.Is("Slice") && node.Inputs.Skip(1).All(i => i is null or { IsConstant: true })
            && Integers(node.Input(1)?.Initializer) is [var start] && Integers(node.Input(2)?.Initializer) is [var end]
            && (node.Input(4) is null || Integers(node.Input(4)!.Initializer) is [1]))
        {
            int from = (int)Math.Clamp(start < 0 ? start + sizes.Length : start, 0, sizes.Length);
            int to = (int)Math.Clamp(end < 0 ? end + sizes.Length : end, from, sizes.Length);
            Dimension[] picked = sizes[from..to];
            return picked.All(d => d.IsKnown) ? Tensor.Vector<long>([.. picked.Select(d => d.Size)]) : null;
        }

        return null;
    }

    private static Dimension[]? Sizes(Node shape)
    {
        if (shape.Input(0)?.Shape is not { } all)
            return null;
        long start = shape.GetInt("start", 0);
        long end = shape.GetInt("end", all.Rank);
        int from = (int)Math.Clamp(start < 0 ? start + all.Rank : start, 0, all.Rank);
        int to = (int)Math.Clamp(end < 0 ? end + all.Rank : end, from, all.Rank);
        return [.. all.Skip(from).Take(to - from)];
    }

    private static Tensor? Reshaped(Node node, Tensor?[] inputs)
    {
        Tensor source = inputs[0]!;
        long[]? sizes = node.OpType switch
        {
            "Reshape" => ReshapeSizes(node, source, Integers(inputs[1])),
            "Flatten" => FlattenSizes(source, node.GetInt("axis", 1)),
            "Unsqueeze" => UnsqueezeSizes(source, Integers(inputs.ElementAtOrDefault(1))),
            _ => SqueezeSizes(source, inputs.ElementAtOrDefault(1)),
        };
        if (sizes is null || source.ElementType == ElementType.String)
            return null;
        return new Tensor(source.ElementType, sizes, source.Bytes);
    }

    private static long[]? ReshapeSizes(Node node, Tensor source, long[]? target)
    {
        if (target is null)
            return null;
        long[] sizes = [.. target];
        int free = -1;
        long product = 1;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] == 0 && node.GetInt("allowzero", 0) == 0)
                sizes[i] = source.Dimensions[i];
            if (sizes[i] == -1)
                free = i;
            else
                product = checked(product * sizes[i]);
        }

        if (free >= 0)
            sizes[free] = source.Count / product;
        return sizes;
    }

    private static long[] FlattenSizes(Tensor source, long axis)
    {
        int split = (int)(axis < 0 ? axis + source.Dimensions.Length : axis);
        return
        [
            source.Dimensions.Take(split).Aggregate(1L, (a, b) => a * b),
            source.Dimensions.Skip(split).Aggregate(1L, (a, b) => a * b),
        ];
    }

    private static long[]? UnsqueezeSizes(Tensor source, long[]? axes)
    {
        if (axes is null)
            return null;
        int rank = source.Dimensions.Length + axes.Length;
        var added = new HashSet<long>(axes.Select(a => a < 0 ? a + rank : a));
        var sizes = new List<long>(rank);
        int next = 0;
        for (int i = 0; i < rank; i++)
            sizes.Add(added.Contains(i) ? 1 : source.Dimensions[next++]);
        return [.. sizes];
    }

    private static long[]? SqueezeSizes(Tensor source, Tensor? axes)
    {
        if (axes is null)
            return [.. source.Dimensions.Where(d => d != 1)];
        if (Integers(axes) is not { } dropped)
            return null;
        var set = new HashSet<long>(dropped.Select(a => a < 0 ? a + source.Dimensions.Length : a));
        return [.. source.Dimensions.Where((_, i) => !set.Contains(i))];
    }
}
