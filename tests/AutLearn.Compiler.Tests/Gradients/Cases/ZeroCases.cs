using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Operators through which no gradient flows: the gradient is absent or zero.</summary>
internal static class ZeroCases
{
    private static readonly Func<Random, int, double[]> OffSteps = Draws.Avoiding(-3, 3, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3);

    public static IEnumerable<GradientCase> Rows =>
    [
        Unary("Floor", x => x.floor()),
        Unary("Ceil", x => x.ceil()),
        Unary("Round", x => x.round()),
        Unary("Sign", x => x.sign()),
        new GradientCase("no gradient", "Hardmax") { ElementType = ElementType.Float32, Inputs = [CaseInput.Random(Draws.Distinct, 3, 4)], Torch = t => [torch.nn.functional.one_hot(t[0].argmax(-1), 4)] },
        new GradientCase("no gradient", "NonMaxSuppression")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Fed(Tensor.Of<float>([1, 2, 4], [0, 0, 1, 1, 2, 2, 3, 3])), CaseInput.Random(1, 1, 2), CaseInput.Constant(Tensor.Vector(2L))],
            Build = (g, inputs) => [g.Op("Cast", [g.Op("Size", [g.Op("NonMaxSuppression", inputs)])], ("to", AttributeValue.Of((long)ElementType.Float32)))],
            Torch = _ => [torch.tensor(6f)],
        },
        Binary("Equal", (a, b) => a.eq(b)),
        Binary("Less", (a, b) => a.lt(b)),
        Binary("LessOrEqual", (a, b) => a.le(b)),
        Binary("Greater", (a, b) => a.gt(b)),
        Binary("GreaterOrEqual", (a, b) => a.ge(b)),
        Truth("Not", (g, p, _) => g.Op("Not", [p]), (p, _) => p.logical_not()),
        Truth("And", (g, p, q) => g.Op("And", [p, q]), (p, q) => p.logical_and(q)),
        Truth("Or", (g, p, q) => g.Op("Or", [p, q]), (p, q) => p.logical_or(q)),
        Truth("Xor", (g, p, q) => g.Op("Xor", [p, q]), (p, q) => p.logical_xor(q)),
        Unary("IsNaN", x => x.isnan()),
        Unary("IsInf", x => x.isinf()),
        Unary("Shape", _ => torch.tensor([3L, 4L])),
        Unary("Size", _ => torch.tensor(12L)),
        Unary("ArgMax", x => x.argmax(0, true)),
        Unary("ArgMin", x => x.argmin(0, true)),
        Unary("NonZero", x => x.nonzero().t()) with { ElementType = ElementType.Float32 },
        Unary("EyeLike", _ => torch.eye(3, 4)),
        new GradientCase("shape of a differentiated value", "ConstantOfShape")
        {
            Inputs = [CaseInput.Random(3, 4)],
            Build = (g, inputs) => [g.Op("ConstantOfShape", [g.Op("Shape", [inputs[0]])])],
            Torch = _ => [torch.zeros(3, 4)],
        },
        new GradientCase("fixed bounds", "Range")
        {
            Inputs = [CaseInput.Fed(Tensor.Scalar(0d)), CaseInput.Fed(Tensor.Scalar(2d)), CaseInput.Fed(Tensor.Scalar(0.5))],
            Torch = _ => [torch.tensor([0d, 0.5, 1, 1.5])],
        },
        new GradientCase("fixed values", "OneHot")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Fed(Tensor.Vector(2L, 0L)), CaseInput.Fed(Tensor.Scalar(3L)), CaseInput.Fed(Tensor.Vector(0f, 1f))],
            Torch = _ => [torch.tensor([0f, 0, 1, 1, 0, 0]).reshape(2, 3)],
        },
    ];

    private static GradientCase Unary(string op, Func<TorchTensor, TorchTensor> reference) => new("no gradient", op)
    {
        Inputs = [CaseInput.Random(OffSteps, 3, 4) with { SpecialPoints = op is "ArgMax" or "ArgMin" ? [] : [0, 0.5, 1, -0.5] }],
        Torch = t => [reference(t[0])],
    };

    private static GradientCase Binary(string op, Func<TorchTensor, TorchTensor, TorchTensor> reference) => new("no gradient", op)
    {
        Inputs = [CaseInput.Random(Draws.Uniform(0, 1), 3, 4) with { SpecialPoints = [1] }, CaseInput.Random(Draws.Uniform(1.5, 2), 3, 4) with { SpecialPoints = [1] }],
        Torch = t => [reference(t[0], t[1])],
    };

    private static GradientCase Truth(string op, Func<ForwardGraph, Value, Value, Value> build, Func<TorchTensor, TorchTensor, TorchTensor> reference) => new("no gradient", op)
    {
        Inputs = [CaseInput.Random(OffSteps, 3, 4), CaseInput.Random(OffSteps, 3, 4)],
        Build = (g, inputs) =>
        {
            Value zero = g.Constant(Tensor.Scalar(0d));
            return [build(g, g.Op("Less", [inputs[0], zero]), g.Op("Less", [inputs[1], zero]))];
        },
        Torch = t => [reference(t[0].lt(0), t[1].lt(0))],
    };
}
