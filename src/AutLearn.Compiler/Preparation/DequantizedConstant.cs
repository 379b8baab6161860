using System.Numerics;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Weights that are stored as integers with a scale, as the numbers they stand for.</summary>
internal static class DequantizedConstant
{
    /// <summary>Tells whether a node gives such weights: a DequantizeLinear of constants, with one scale or one for each index along an axis.</summary>
    public static bool CanFold(Node node) =>
        node.Is("DequantizeLinear")
        && node.Input(0) is { IsConstant: true } x && x.ElementType is ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16 or ElementType.Int32
        && node.Input(1) is { IsConstant: true, ElementType: ElementType.Float32 } scale && node.Input(2) is null or { IsConstant: true }
        && node.GetInt("block_size", 0) == 0
        && (scale.Initializer!.Count == 1 || (AxisOf(node) is { } axis && scale.Initializer.Count == x.Initializer!.Dimensions[axis]))
        && (node.Input(2) is not { } zero || (zero.ElementType == x.ElementType && zero.Initializer!.Count == scale.Initializer.Count));

    /// <summary>Gets the constant that holds a parameter: the integers where it is what such a node computes, else the parameter itself.</summary>
    public static Value StoredIn(Value parameter) => parameter.Producer?.Input(0) ?? parameter;

    /// <summary>Makes a value that such a node computes a constant; any other value stays as it is.</summary>
    public static Value Fold(Value value)
    {
        if (value.Producer is not { } node)
            return value;
        OnnxGraph graph = node.Owner;
        Value constant = graph.AddInitializer(graph.UniqueName(value.Name), Evaluate(node));
        string name = value.Name;
        graph.ReplaceAllUses(value, constant);
        graph.Remove(node);
        graph.Rename(constant, name);
        return constant;
    }

    private static int? AxisOf(Node node)
    {
        int rank = node.Inputs[0]!.Initializer!.Dimensions.Length;
        long axis = node.GetInt("axis", 1);
        axis = axis < 0 ? axis + rank : axis;
        return axis >= 0 && axis < rank ? (int)axis : null;
    }

    private static Tensor Evaluate(Node node)
    {
        Tensor x = node.Inputs[0]!.Initializer!;
        return x.ElementType switch
        {
            ElementType.Int8 => Evaluate<sbyte>(node, x),
            ElementType.UInt8 => Evaluate<byte>(node, x),
            ElementType.Int16 => Evaluate<short>(node, x),
            ElementType.UInt16 => Evaluate<ushort>(node, x),
            _ => Evaluate<int>(node, x),
        };
    }

    // y = (x - zero) scale
    private static Tensor Evaluate<T>(Node node, Tensor x)
        where T : unmanaged, IBinaryInteger<T>
    {
        ReadOnlySpan<float> scales = node.Inputs[1]!.Initializer!.Span<float>();
        ReadOnlySpan<T> zeros = node.Input(2) is { } zero ? zero.Initializer!.Span<T>() : new T[scales.Length];
        int inner = scales.Length == 1 ? 1 : (int)x.Dimensions.Skip(AxisOf(node)!.Value + 1).Aggregate(1L, (a, b) => a * b);
        ReadOnlySpan<T> values = x.Span<T>();
        float[] result = new float[values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            int c = scales.Length == 1 ? 0 : i / inner % scales.Length;
            result[i] = (long.CreateChecked(values[i]) - long.CreateChecked(zeros[c])) * scales[c];
        }

        return Tensor.Of<float>(x.Dimensions.AsSpan(), result);
    }
}
