using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Integers that stand for real numbers: what quantisation gives, and what is computed from it.</summary>
/// <remarks>
/// Rounding has the slope 0 almost everywhere, and a model behind it would never learn. As in training with fake quantisation, the gradient goes
/// through it as if it were not there, and stops where the range ends. Bengio et al., arXiv:1308.3432, section 4; Jacob et al., arXiv:1712.05877.
/// </remarks>
internal static class QuantizedValues
{
    // Other operators on integers multiply by them or keep their type, which a gradient has not.
    private static readonly HashSet<string> Differentiable =
    [
        "QuantizeLinear", "DynamicQuantizeLinear", "DequantizeLinear", "Cast", "Add", "Sub", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "MaxPool",
        "MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv", "QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax",
        "QLinearGlobalAveragePool", "QLinearAveragePool", "QLinearConcat", "QGemm", "MatMulIntegerToFloat",
    ];

    /// <summary>Tells whether values of a type may stand for real numbers.</summary>
    public static bool IsNumber(ElementType type) => type is ElementType.UInt8 or ElementType.Int8 or ElementType.UInt16 or ElementType.Int16 or ElementType.Int32;

    /// <summary>Tells whether a node turns real numbers into integers that stand for them.</summary>
    public static bool Quantizes(Node node) => node.OpType is "QuantizeLinear" or "DynamicQuantizeLinear";

    /// <summary>Tells whether the gradient of a node that reads or gives such integers is known.</summary>
    public static bool CanDifferentiate(Node node, HashSet<Value> dependent) =>
        Differentiable.Contains(node.OpType) || !node.Inputs.Concat(node.Outputs).Any(v => v is not null && IsNumber(v.ElementType) && dependent.Contains(v));
}
