using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using static TorchSharp.torch.nn;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class ActivationCases
{
    private static readonly Func<Random, int, double[]> OffZero = Draws.Avoiding(-3, 3, 0);

    public static IEnumerable<GradientCase> Rows =>
    [
        Row("Relu", "elementwise", ElementType.Float64, OffZero, x => functional.relu(x), [0, -0d, 1e-300, 100]),
        Row("Relu", "float", ElementType.Float32, OffZero, x => functional.relu(x), [0, -0d, 1e-30, 100]),
        Row("LeakyRelu", "default slope", ElementType.Float32, OffZero, x => functional.leaky_relu(x, 0.01), [0, -0d]),
        Row("LeakyRelu", "slope 0.3", ElementType.Float32, OffZero, x => functional.leaky_relu(x, 0.3), [0, 50, -50], ("alpha", AttributeValue.Of(0.3f))),
        Row("Elu", "default", ElementType.Float32, OffZero, x => functional.elu(x, 1), [0, -100, 100]),
        Row("Elu", "alpha 0.5", ElementType.Float32, OffZero, x => functional.elu(x, 0.5), [0], ("alpha", AttributeValue.Of(0.5f))),
        Row("Selu", "default", ElementType.Float32, OffZero, x => functional.selu(x), [0, -100, 100]),
        Row("Softplus", "elementwise", ElementType.Float32, Draws.Normal, x => functional.softplus(x), [0, -80, 80]),
        Row("Softsign", "elementwise", ElementType.Float32, OffZero, x => functional.softsign(x), [0, 1e4, -1e4]),
        Row("Sigmoid", "elementwise", ElementType.Float64, Draws.Normal, x => functional.sigmoid(x), [0, 40, -40]),
        Row("Tanh", "elementwise", ElementType.Float64, Draws.Normal, x => functional.tanh(x), [0, 30, -30]),
        Row("Erf", "elementwise", ElementType.Float32, Draws.Normal, x => x.erf(), [0, 6, -6]),
        Row("Gelu", "erf", ElementType.Float32, Draws.Normal, x => functional.gelu(x), [0, 10, -10]),
        Row("Gelu", "tanh", ElementType.Float32, Draws.Normal, GeluByTanh, [0, 10, -10], ("approximate", AttributeValue.Of("tanh"))),
        Row("HardSigmoid", "as torch", ElementType.Float32, Draws.Avoiding(-5, 5, -3, 3), x => functional.hardsigmoid(x), [0, 10, -10, 3, -3], ("alpha", AttributeValue.Of(1f / 6))),
        Row("HardSigmoid", "default", ElementType.Float32, Draws.Avoiding(-4, 4, -2.5, 2.5), x => ((0.2 * x) + 0.5).clamp(0, 1), [0, 10, -10]),
        Row("HardSwish", "elementwise", ElementType.Float32, Draws.Avoiding(-5, 5, -3, 3), x => functional.hardswish(x), [0, 10, -10, 3, -3]),
        Row("Celu", "alpha 0.7", ElementType.Float32, OffZero, x => functional.celu(x, 0.7), [0, -50, 50], ("alpha", AttributeValue.Of(0.7f))),
        Row("ThresholdedRelu", "alpha 0.5", ElementType.Float32, Draws.Avoiding(-2, 2, 0.5), x => functional.threshold(x, 0.5, 0), [0.5, 0, 1], ("alpha", AttributeValue.Of(0.5f))),
        Row("Shrink", "soft", ElementType.Float32, Draws.Avoiding(-2, 2, -0.5, 0.5), x => functional.softshrink(x, 0.5), [0.5, -0.5, 0], ("lambd", AttributeValue.Of(0.5f)), ("bias", AttributeValue.Of(0.5f))),
        Row("Shrink", "hard", ElementType.Float32, Draws.Avoiding(-2, 2, -0.7, 0.7), x => functional.hardshrink(x, 0.7), [0], ("lambd", AttributeValue.Of(0.7f))),
        Row("Mish", "elementwise", ElementType.Float32, Draws.Normal, x => x * functional.softplus(x).tanh(), [0, 20, -20]),
        Row("Swish", "default", ElementType.Float32, Draws.Normal, x => functional.silu(x), [0, 30, -30]) with { Opset = 24 },
        Row("Swish", "alpha 0.5", ElementType.Float32, Draws.Normal, x => x * (0.5 * x).sigmoid(), [0], ("alpha", AttributeValue.Of(0.5f))) with { Opset = 24 },
        .. PReluRows(),
        .. ClipRows(),
    ];

    private static TorchTensor GeluByTanh(TorchTensor x) =>
        0.5 * x * (1 + (Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x.pow(3)))).tanh());

    private static GradientCase Row(
        string op,
        string name,
        ElementType type,
        Func<Random, int, double[]> draw,
        Func<TorchTensor, TorchTensor> reference,
        double[] specialPoints,
        params (string Name, AttributeValue Value)[] attributes) => new(name, op)
        {
            ElementType = type,
            Inputs = [CaseInput.Random(draw, 3, 5) with { SpecialPoints = [.. specialPoints] }],
            Attributes = [.. attributes],
            Torch = t => [reference(t[0])],
        };

    private static IEnumerable<GradientCase> PReluRows()
    {
        yield return new GradientCase("slope by channel", "PRelu")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(OffZero, 2, 3, 4) with { SpecialPoints = [0, -0d] }, CaseInput.Random(Draws.Uniform(0.1, 0.5), 3, 1)],
            Torch = t => [torch.nn.functional.prelu(t[0], t[1].reshape(3))],
        };
        yield return new GradientCase("one slope", "PRelu")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(OffZero, 2, 3), CaseInput.Random(Draws.Uniform(0.1, 0.5), 1)],
            Torch = t => [torch.nn.functional.prelu(t[0], t[1])],
        };
    }

    private static IEnumerable<GradientCase> ClipRows()
    {
        CaseInput x = CaseInput.Random(Draws.Avoiding(-3, 3, -1, 2), 3, 5) with { SpecialPoints = [-1, 2, 2, -1] };
        CaseInput low = CaseInput.Constant(Tensor.Scalar(-1d)), high = CaseInput.Constant(Tensor.Scalar(2d));
        yield return new GradientCase("constant bounds", "Clip") { Inputs = [x, low, high], Torch = t => [t[0].clamp(-1, 2)] };
        yield return new GradientCase("only low", "Clip") { Inputs = [x, low], Torch = t => [torch.clamp_min(t[0], -1)] };
        yield return new GradientCase("only high", "Clip") { Inputs = [x, CaseInput.Absent, high], Torch = t => [torch.clamp_max(t[0], 2)] };
        yield return new GradientCase("no bounds", "Clip") { Inputs = [x], Torch = t => [t[0].clone()] };
        CaseInput aroundLow = CaseInput.Random(Draws.Uniform(-1.02, -0.98)) with { SpecialPoints = [-1] };
        CaseInput aroundHigh = CaseInput.Random(Draws.Uniform(1.98, 2.02)) with { SpecialPoints = [2] };
        yield return new GradientCase("differentiated bounds", "Clip") { Inputs = [x, aroundLow, aroundHigh], Torch = t => [t[0].clamp(t[1], t[2])] };
        yield return new GradientCase("crossed bounds", "Clip") { Inputs = [x, aroundHigh, aroundLow], Torch = t => [t[0].clamp(t[1], t[2])] };
        yield return new GradientCase("float", "Clip")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(Draws.Avoiding(-3, 9, 0, 6), 3, 5) with { SpecialPoints = [0, 6, -0d] }, CaseInput.Constant(Tensor.Scalar(0f)), CaseInput.Constant(Tensor.Scalar(6f))],
            Torch = t => [t[0].clamp(0, 6)],
        };
    }
}
