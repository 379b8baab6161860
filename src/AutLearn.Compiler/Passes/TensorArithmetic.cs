using System.Numerics;
using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Evaluates elementwise arithmetic, comparisons, casts and small reductions on Int64, Int32, Float32, Float64 and Bool.</summary>
internal static class TensorArithmetic
{
    public static Tensor? Evaluate(Node node, Tensor?[] inputs, long limitInBytes)
    {
        switch (node.OpType)
        {
            case "Cast":
                return Cast(inputs[0]!, (ElementType)node.GetInt("to", 0), limitInBytes);
            case "ConstantOfShape":
                return ConstantOfShape(node, inputs[0]!, limitInBytes);
            case "Range":
                return Range(inputs, limitInBytes);
            case "Where":
                return Where(inputs, limitInBytes);
            case "Not":
                return inputs[0]!.ElementType == ElementType.Bool ? Map<bool, bool>(inputs[0]!, v => !v, limitInBytes) : null;
        }

        return inputs[0]!.ElementType switch
        {
            ElementType.Int64 => Typed<long>(node, inputs, limitInBytes),
            ElementType.Int32 => Typed<int>(node, inputs, limitInBytes),
            ElementType.Float32 => Floating<float>(node, inputs[0]!, limitInBytes) ?? Typed<float>(node, inputs, limitInBytes),
            ElementType.Float64 => Floating<double>(node, inputs[0]!, limitInBytes) ?? Typed<double>(node, inputs, limitInBytes),
            ElementType.Bool when node.OpType == "And" => Zip<bool, bool>(inputs, (a, b) => a && b, limitInBytes),
            ElementType.Bool when node.OpType == "Or" => Zip<bool, bool>(inputs, (a, b) => a || b, limitInBytes),
            _ => null,
        };
    }

    private static Tensor? Typed<T>(Node node, Tensor?[] inputs, long limit)
        where T : unmanaged, INumber<T> => node.OpType switch
        {
            "Neg" => Map<T, T>(inputs[0]!, v => -v, limit),
            "Abs" => Map<T, T>(inputs[0]!, T.Abs, limit),
            "Add" => Zip<T, T>(inputs, (a, b) => a + b, limit),
            "Sub" => Zip<T, T>(inputs, (a, b) => a - b, limit),
            "Mul" => Zip<T, T>(inputs, (a, b) => a * b, limit),
            "Div" => Zip<T, T>(inputs, (a, b) => a / b, limit),
            "Min" when inputs.Length == 2 => Zip<T, T>(inputs, T.Min, limit),
            "Max" when inputs.Length == 2 => Zip<T, T>(inputs, T.Max, limit),
            "Equal" => Zip<T, bool>(inputs, (a, b) => a == b, limit),
            "Less" => Zip<T, bool>(inputs, (a, b) => a < b, limit),
            "LessOrEqual" => Zip<T, bool>(inputs, (a, b) => a <= b, limit),
            "Greater" => Zip<T, bool>(inputs, (a, b) => a > b, limit),
            "GreaterOrEqual" => Zip<T, bool>(inputs, (a, b) => a >= b, limit),
            "ReduceProd" => ReduceVector<T>(node, inputs, T.One, (a, b) => a * b),
            "ReduceSum" => ReduceVector<T>(node, inputs, T.Zero, (a, b) => a + b),
            _ => null,
        };

    private static Tensor? Floating<T>(Node node, Tensor input, long limit)
        where T : unmanaged, IFloatingPointIeee754<T> => node.OpType switch
        {
            "Sqrt" => Map<T, T>(input, T.Sqrt, limit),
            "Floor" => Map<T, T>(input, T.Floor, limit),
            "Ceil" => Map<T, T>(input, T.Ceiling, limit),
            "Reciprocal" => Map<T, T>(input, v => T.One / v, limit),
            _ => null,
        };

    private static Tensor? Map<TIn, TOut>(Tensor input, Func<TIn, TOut> map, long limit)
        where TIn : unmanaged
        where TOut : unmanaged =>
        Tensor.ElementTypeOf<TOut>().SizeInBytes(input.Count) > limit ? null : Tensor.Of<TOut>(input.Dimensions.AsSpan(), Array.ConvertAll(input.Span<TIn>().ToArray(), v => map(v)));

    private static Tensor? Zip<TIn, TOut>(Tensor?[] inputs, Func<TIn, TIn, TOut> combine, long limit)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        if (inputs is not [{ } a, { } b] || a.ElementType != b.ElementType)
            return null;
        long[] sizes = TensorMovement.BroadcastSizes(a.Dimensions.AsSpan(), b.Dimensions.AsSpan());
        if (CountOf(sizes) is var count && Tensor.ElementTypeOf<TOut>().SizeInBytes(count) > limit)
            return null;
        var ia = new StridedWalk(sizes, TensorMovement.BroadcastStrides(a, sizes), 0);
        var ib = new StridedWalk(sizes, TensorMovement.BroadcastStrides(b, sizes), 0);
        ReadOnlySpan<TIn> va = a.Span<TIn>(), vb = b.Span<TIn>();
        var result = new TOut[count];
        for (long i = 0; i < count; i++, ia.MoveNext(), ib.MoveNext())
            result[i] = combine(va[(int)ia.Index], vb[(int)ib.Index]);
        return Tensor.Of<TOut>(sizes, result);
    }

    private static Tensor? Where(Tensor?[] inputs, long limit)
    {
        if (inputs is not [{ ElementType: ElementType.Bool } condition, { } a, { } b] || a.ElementType != b.ElementType || a.ElementType.SizeInBits() < 8)
            return null;
        long[] sizes = TensorMovement.BroadcastSizes(TensorMovement.BroadcastSizes(condition.Dimensions.AsSpan(), a.Dimensions.AsSpan()), b.Dimensions.AsSpan());
        long count = CountOf(sizes);
        int width = a.ElementType.SizeInBits() / 8;
        if (a.ElementType.SizeInBytes(count) > limit)
            return null;
        var ic = new StridedWalk(sizes, TensorMovement.BroadcastStrides(condition, sizes), 0);
        var ia = new StridedWalk(sizes, TensorMovement.BroadcastStrides(a, sizes), 0);
        var ib = new StridedWalk(sizes, TensorMovement.BroadcastStrides(b, sizes), 0);
        ReadOnlySpan<bool> chosen = condition.Span<bool>();
        byte[] result = new byte[count * width];
        for (int i = 0; i < count; i++, ic.MoveNext(), ia.MoveNext(), ib.MoveNext())
        {
            bool first = chosen[(int)ic.Index];
            (first ? a : b).Bytes.Span.Slice((int)((first ? ia.Index : ib.Index) * width), width).CopyTo(result.AsSpan(i * width));
        }

        return new Tensor(a.ElementType, sizes, result);
    }

    // Only the reduction of a vector to one number, which is what shape arithmetic uses.
    private static Tensor? ReduceVector<T>(Node node, Tensor?[] inputs, T seed, Func<T, T, T> combine)
        where T : unmanaged, INumber<T>
    {
        Tensor input = inputs[0]!;
        if (input.Dimensions.Length != 1 || node.GetInt("noop_with_empty_axes", 0) != 0)
            return null;
        T total = seed;
        foreach (T value in input.Span<T>())
            total = combine(total, value);
        return node.GetInt("keepdims", 1) != 0 ? Tensor.Vector(total) : Tensor.Scalar(total);
    }

    private static Tensor? Cast(Tensor input, ElementType to, long limit) => input.ElementType switch
    {
        _ when input.ElementType == to => input,
        ElementType.Int64 => CastFrom<long>(input, to, limit),
        ElementType.Int32 => CastFrom<int>(input, to, limit),
        ElementType.Float32 => CastFrom<float>(input, to, limit),
        ElementType.Float64 => CastFrom<double>(input, to, limit),
        ElementType.Bool when Map<bool, int>(input, v => v ? 1 : 0, limit) is { } numbers => to == ElementType.Int32 ? numbers : CastFrom<int>(numbers, to, limit),
        _ => null,
    };

    private static Tensor? CastFrom<T>(Tensor input, ElementType to, long limit)
        where T : unmanaged, INumber<T> => to switch
        {
            ElementType.Int64 => Map<T, long>(input, long.CreateSaturating, limit),
            ElementType.Int32 when typeof(T) != typeof(long) => Map<T, int>(input, int.CreateSaturating, limit),
            ElementType.Int32 => Map<T, int>(input, int.CreateTruncating, limit),
            ElementType.Float32 => Map<T, float>(input, float.CreateTruncating, limit),
            ElementType.Float64 => Map<T, double>(input, double.CreateTruncating, limit),
            ElementType.Bool => Map<T, bool>(input, v => v != T.Zero, limit),
            _ => null,
        };

    private static Tensor? ConstantOfShape(Node node, Tensor shape, long limit)
    {
        if (ConstantEvaluator.Integers(shape) is not { } sizes)
            return null;
        Tensor value = node.GetTensor("value") ?? Tensor.Vector(0f);
        long count = CountOf(sizes);
        if (value.ElementType.SizeInBits() < 8 || value.Count != 1 || value.ElementType.SizeInBytes(count) > limit)
            return null;
        byte[] bytes = new byte[value.ElementType.SizeInBytes(count)];
        for (int i = 0; i < count; i++)
            value.Bytes.Span.CopyTo(bytes.AsSpan(i * value.Bytes.Length));
        return new Tensor(value.ElementType, sizes, bytes);
    }

    private static Tensor? Range(Tensor?[] inputs, long limit)
    {
        if (inputs.Any(t => t is not { ElementType: ElementType.Int64, Count: 1 }))
            return null;
        long start = inputs[0]!.Span<long>()[0], end = inputs[1]!.Span<long>()[0], step = inputs[2]!.Span<long>()[0];
        if (step == 0)
            return null;
        long count = (long)Math.Max(0, Math.Ceiling(((double)end - start) / step));
        if (count > limit / sizeof(long))
            return null;
        long[] values = new long[count];
        for (long i = 0; i < count; i++)
            values[i] = start + (i * step);
        return Tensor.Vector<long>(values);
    }

    private static long CountOf(ReadOnlySpan<long> sizes)
    {
        long count = 1;
        foreach (long size in sizes)
            count = checked(count * size);
        return count;
    }
}
