using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Whole numbers carry no gradient; the scales that they are multiplied with do.</summary>
internal static class QuantizationCases
{
    private static readonly sbyte[] Numbers = [3, -5, 7, 0, 120, -128, 4, 9, -2, 1, 6, 8];

    public static IEnumerable<GradientCase> Rows =>
    [
        Row("one scale", [], null, t => Values(t) * t[1]),
        Row("one scale and zero point", [], Tensor.Scalar((sbyte)2), t => (Values(t) - 2) * t[1]),
        Row("scales of an axis", [4], Tensor.Of<sbyte>([4], [1, 0, -3, 2]), t => (Values(t) - torch.tensor([1f, 0, -3, 2])) * t[1], ("axis", AttributeValue.Of(-1L))),
        Row("scales of the first axis", [3], null, t => Values(t) * t[1].reshape(3, 1), ("axis", AttributeValue.Of(0L))),
        Row("blocks", [3, 2], null, t => Values(t) * t[1].repeat_interleave(2, 1), ("axis", AttributeValue.Of(1L)), ("block_size", AttributeValue.Of(2L))),
    ];

    private static torch.Tensor Values(torch.Tensor[] _) => torch.tensor(Array.ConvertAll(Numbers, n => (float)n)).reshape(3, 4);

    private static GradientCase Row(string name, long[] scales, Tensor? zeroPoint, Func<torch.Tensor[], torch.Tensor> reference, params (string Name, AttributeValue Value)[] attributes) => new(name, "DequantizeLinear")
    {
        ElementType = ElementType.Float32,
        Inputs =
        [
            CaseInput.Constant(Tensor.Of<sbyte>([3, 4], Numbers)),
            CaseInput.Random(Draws.Uniform(0.1, 0.5), scales) with { SymbolicAxes = [] },
            zeroPoint is null ? CaseInput.Absent : CaseInput.Constant(zeroPoint),
        ],
        Attributes = [.. attributes],
        Torch = t => [reference(t)],
    };
}
