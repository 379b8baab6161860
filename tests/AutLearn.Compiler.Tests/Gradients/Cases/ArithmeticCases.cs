using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using static TorchSharp.torch;
using Tensor = AutLearn.Graph.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class ArithmeticCases
{
    private static readonly Func<Random, int, double[]> Positive = Draws.Uniform(0.5, 2);

    public static IEnumerable<GradientCase> Rows =>
    [
        .. Broadcasts("Add", Draws.Normal, (a, b) => a + b),
        .. Broadcasts("Sub", Draws.Normal, (a, b) => a - b),
        .. Broadcasts("Mul", Draws.Normal, (a, b) => a * b),
        .. Broadcasts("Div", Positive, (a, b) => a / b),
        Unary("Neg", Draws.Normal, x => -x),
        Unary("Reciprocal", Draws.Avoiding(-2, 2, 0, 0.3, -0.3), x => x.reciprocal(), 0),
        Unary("Sqrt", Positive, x => x.sqrt(), 0),
        Unary("Exp", Draws.Normal, x => x.exp(), 0, -800),
        Unary("Log", Positive, x => x.log()),
        Unary("Abs", Draws.Avoiding(-2, 2, 0), x => x.abs(), 0, -0d, 1, -1),
        Unary("Sin", Draws.Normal, x => x.sin(), 0) with { ElementType = ElementType.Float32 },
        Unary("Cos", Draws.Normal, x => x.cos(), 0) with { ElementType = ElementType.Float32 },
        Unary("Tan", Draws.Uniform(-1, 1), x => x.tan(), 0) with { ElementType = ElementType.Float32 },
        Unary("Asin", Draws.Uniform(-0.8, 0.8), x => x.asin(), 0) with { ElementType = ElementType.Float32 },
        Unary("Acos", Draws.Uniform(-0.8, 0.8), x => x.acos(), 0) with { ElementType = ElementType.Float32 },
        Unary("Atan", Draws.Normal, x => x.atan(), 0, 1e6) with { ElementType = ElementType.Float32 },
        Unary("Sinh", Draws.Normal, x => x.sinh(), 0) with { ElementType = ElementType.Float32 },
        Unary("Cosh", Draws.Normal, x => x.cosh(), 0) with { ElementType = ElementType.Float32 },
        Unary("Asinh", Draws.Normal, x => x.asinh(), 0, 1e6) with { ElementType = ElementType.Float32 },
        Unary("Acosh", Draws.Uniform(1.3, 4), x => x.acosh(), 1e6) with { ElementType = ElementType.Float32 },
        Unary("Atanh", Draws.Uniform(-0.8, 0.8), x => x.atanh(), 0) with { ElementType = ElementType.Float32 },
        .. ModRows(),
        .. PowRows(),
        .. Variadic(),
    ];

    private static GradientCase Unary(string op, Func<Random, int, double[]> draw, Func<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> torch, params double[] specialPoints) => new("elementwise", op)
    {
        Inputs = [CaseInput.Random(draw, 3, 4) with { SpecialPoints = [.. specialPoints] }],
        Torch = t => [torch(t[0])],
    };

    private static IEnumerable<GradientCase> Broadcasts(string op, Func<Random, int, double[]> draw, Func<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> torch)
    {
        (string Name, long[] A, long[] B)[] shapes =
        [
            ("same shape", [3, 4], [3, 4]),
            ("row", [3, 4], [4]),
            ("column", [3, 1], [3, 4]),
            ("both", [2, 1, 4], [3, 1]),
            ("scalar", [], [2, 3]),
        ];
        return shapes.Select(s => new GradientCase(s.Name, op)
        {
            Inputs = [CaseInput.Random(draw, s.A), CaseInput.Random(draw, s.B)],
            Torch = t => [torch(t[0], t[1])],
        });
    }

    private static IEnumerable<GradientCase> ModRows()
    {
        // Quotients of 1.1 to 1.9 and -1.9 to -1.1, away from the steps.
        foreach (double sign in (double[])[1, -1])
        {
            yield return new GradientCase($"towards 0, sign {sign}", "Mod")
            {
                Inputs = [CaseInput.Random((random, count) => [.. Draws.Uniform(2.3, 3.7)(random, count).Select(v => v * sign)], 3, 4), CaseInput.Random(Draws.Uniform(1.95, 2.05), 4)],
                Attributes = [("fmod", AttributeValue.Of(1L))],
                Torch = t => [t[0] - ((t[0] / t[1]).trunc() * t[1])],
            };
        }
    }

    private static IEnumerable<GradientCase> PowRows()
    {
        yield return new GradientCase("both inputs", "Pow")
        {
            Inputs = [CaseInput.Random(Positive, 3, 4) with { SpecialPoints = [0, 0, 1] }, CaseInput.Random(4) with { SpecialPoints = [0, 2, 0] }],
            Torch = t => [t[0].pow(t[1])],
        };
        yield return new GradientCase("negative base, computed integral exponent", "Pow")
        {
            Inputs = [CaseInput.Random(3, 4) with { SpecialPoints = [0, -1] }, CaseInput.Fed(Tensor.Vector(0d, 1d, 2d, 3d))],
            Torch = t => [t[0].pow(t[1])],
        };
        yield return new GradientCase("integer exponent", "Pow")
        {
            Inputs = [CaseInput.Random(3, 2), CaseInput.Fed(Tensor.Vector(2L, 3L))],
            Torch = t => [t[0].pow(t[1])],
        };
        foreach (double p in (double[])[0, 1, 2, 3, -1, 0.5, 1.5, -2])
        {
            yield return new GradientCase($"constant exponent {p}", "Pow")
            {
                Inputs = [CaseInput.Random(Positive, 3, 4) with { SpecialPoints = p is 0 or 1 or 2 or 3 ? [0, -1] : [] }, CaseInput.Constant(Tensor.Scalar(p))],
                Torch = t => [t[0].pow(t[1])],
            };
        }
    }

    private static IEnumerable<GradientCase> Variadic()
    {
        yield return new GradientCase("one value five times beside another, broadcast", "Sum")
        {
            Inputs = [CaseInput.Random(4), CaseInput.Random(3, 4)],
            Build = (g, inputs) => [g.Op("Sum", [inputs[0], inputs[0], inputs[1], inputs[0], inputs[0], inputs[0]])],
            Torch = t => [(t[0] * 5) + t[1]],
        };
        yield return new GradientCase("three inputs, broadcast", "Sum")
        {
            Inputs = [CaseInput.Random(3, 4), CaseInput.Random(4), CaseInput.Random(3, 1)],
            Torch = t => [t[0] + t[1] + t[2]],
        };
        yield return new GradientCase("three inputs, broadcast", "Mean")
        {
            Inputs = [CaseInput.Random(3, 4), CaseInput.Random(4), CaseInput.Random(3, 1)],
            ElementType = ElementType.Float32,
            Torch = t => [(t[0] + t[1] + t[2]) / 3],
        };
        foreach (string op in (string[])["Max", "Min"])
        {
            yield return new GradientCase("two inputs with ties", op)
            {
                Inputs = [CaseInput.Random(Draws.Distinct, 3, 4) with { SpecialPoints = [1, 2, 0] }, CaseInput.Random(Draws.Avoiding(-1, 1, -0.875, -0.625, -0.375, -0.125, 0.125, 0.375, 0.625, 0.875), 3, 4) with { SpecialPoints = [1, 2, -0d] }],
                Torch = t => [op == "Max" ? maximum(t[0], t[1]) : minimum(t[0], t[1])],
            };
            yield return new GradientCase("three inputs with ties, broadcast", op)
            {
                Inputs = [CaseInput.Random(Draws.Uniform(2, 3), 2, 3) with { SpecialPoints = [1, 2] }, CaseInput.Random(Draws.Uniform(4, 5), 3) with { SpecialPoints = [1, 2] }, CaseInput.Random(Draws.Uniform(-1, 0), 2, 1) with { SpecialPoints = [1] }],
                Torch = t =>
                {
                    TorchSharp.torch.Tensor all = stack(broadcast_tensors(t), 0);
                    return [op == "Max" ? all.amax([0]) : all.amin([0])];
                },
            };
            yield return new GradientCase("one input", op)
            {
                Inputs = [CaseInput.Random(3)],
                Torch = t => [t[0].clone()],
            };
        }
    }
}
