using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Real numbers that pass through integers: the gradient goes straight through what is rounded, and stops where the range ends.</summary>
internal static class QuantizedLayerCases
{
    private const string Contributed = "com.microsoft";
    private const string Staircase = "Rounding has no slope that differences could show.";

    private static readonly sbyte[] Weights = [.. Enumerable.Range(0, 72).Select(i => (sbyte)((i * 37 % 101) - 50))];

    public static IEnumerable<GradientCase> Rows => [.. RoundingRows(), .. IntegerRows(), .. LayerRows(), .. FunctionRows(), .. PackedRows()];

    private static IEnumerable<GradientCase> RoundingRows()
    {
        yield return Row("QuantizeLinear", "", "unsigned, then back, with values beyond the range", [3, 4], (g, x) => Back(g, Into(g, x)), x => Through(x))
            with { Inputs = [CaseInput.Random(Draws.Uniform(-2, 2), 3, 4) with { SpecialPoints = [50, -50, 0] }] };
        yield return new GradientCase("scale and input by axis", "QuantizeLinear")
        {
            ElementType = ElementType.Float32,
            NoDifferencesBecause = Staircase,
            Inputs = [CaseInput.Random(Draws.Uniform(-2, 2), 3, 4) with { SpecialPoints = [50, -50, 0], SymbolicAxes = [1] }, CaseInput.Random(Draws.Uniform(0.01, 0.03), 3) with { SymbolicAxes = [] }],
            Build = (g, inputs) =>
            {
                Value zero = g.Constant(Tensor.Of<sbyte>([3], [0, 3, -4]));
                Value q = g.Op("QuantizeLinear", [inputs[0], inputs[1], zero], ("axis", AttributeValue.Of(0L)));
                return [g.Op("DequantizeLinear", [q, inputs[1], zero], ("axis", AttributeValue.Of(0L)))];
            },
            Torch = t =>
            {
                TorchTensor s = t[1].reshape(3, 1), zero = torch.tensor([0f, 3, -4]).reshape(3, 1);
                TorchTensor steps = (t[0] / s).round() + zero;
                TorchTensor inside = (steps.ge(-128) & steps.le(127)).to(torch.float32);
                TorchTensor whole = (steps.clamp(-128, 127) - zero).detach();
                TorchTensor straight = (t[0] / s) * inside;
                return [(whole + straight - straight.detach()) * s];
            },
        };
        yield return Row(
            "DynamicQuantizeLinear",
            "",
            "then back",
            [3, 4],
            (g, x) => g.Op("DequantizeLinear", g.Ops("", "DynamicQuantizeLinear", 3, [x])),
            Dynamic);
    }

    private static IEnumerable<GradientCase> IntegerRows()
    {
        Tensor weights = Tensor.Of<sbyte>([4, 5], Weights.AsSpan(0, 20));
        TorchTensor Real(double zero = 0) => Numbers(4, 5) - zero;
        yield return Row(
            "MatMulInteger",
            "",
            "of dynamic range",
            [3, 4],
            (g, x) =>
            {
                Value[] q = g.Ops("", "DynamicQuantizeLinear", 3, [x]);
                Value y = g.Op("MatMulInteger", [q[0], g.Constant(weights), q[2], g.Constant(Tensor.Scalar((sbyte)2))]);
                return g.Op("Mul", [g.Op("Cast", [y], ("to", AttributeValue.Of(1L))), g.Op("Mul", [q[1], g.Constant(Tensor.Scalar(0.01f))])]);
            },
            x => torch.matmul(Dynamic(x), Real(2)) * 0.01);
        yield return Row(
            "ConvInteger",
            "",
            "of dynamic range",
            [2, 2, 4, 5],
            (g, x) =>
            {
                Value[] q = g.Ops("", "DynamicQuantizeLinear", 3, [x]);
                Value y = g.Op("ConvInteger", [q[0], g.Constant(Tensor.Of<byte>([2, 2, 3, 3], [.. Weights.Take(36).Select(w => (byte)(w + 60))])), q[2], g.Constant(Tensor.Scalar((byte)60))], ("pads", AttributeValue.Of(1L, 1L, 1L, 1L)));
                return g.Op("Mul", [g.Op("Cast", [y], ("to", AttributeValue.Of(1L))), g.Op("Mul", [q[1], g.Constant(Tensor.Scalar(0.01f))])]);
            },
            x => F.conv2d(Dynamic(x), Numbers(2, 2, 3, 3), padding: [1, 1]) * 0.01);
        yield return Row(
            "DynamicQuantizeMatMul",
            Contributed,
            "scales by column, bias",
            [3, 4],
            (g, x) => g.Ops(Contributed, "DynamicQuantizeMatMul", 1, [x, g.Constant(weights), g.Constant(Tensor.Vector(0.01f, 0.02f, 0.01f, 0.03f, 0.01f)), null, g.Constant(Tensor.Vector(1f, 2f, 3f, 4f, 5f))])[0],
            x => torch.matmul(Dynamic(x), Real() * torch.tensor([0.01f, 0.02f, 0.01f, 0.03f, 0.01f])) + torch.tensor([1f, 2, 3, 4, 5]));
        yield return Row(
            "MatMulIntegerToFloat",
            Contributed,
            "zero points, bias",
            [3, 4],
            (g, x) => g.Ops(Contributed, "MatMulIntegerToFloat", 1, [Into(g, x), g.Constant(weights), S(g, 0.05f), S(g, 0.01f), g.Constant(Tensor.Scalar((byte)100)), g.Constant(Tensor.Scalar((sbyte)2)), g.Constant(Tensor.Vector(1f, 2f, 3f, 4f, 5f))])[0],
            x => (torch.matmul(Through(x), Real(2)) * 0.01) + torch.tensor([1f, 2, 3, 4, 5]));
    }

    private static IEnumerable<GradientCase> LayerRows()
    {
        Tensor weights = Tensor.Of<sbyte>([4, 5], Weights.AsSpan(0, 20));
        yield return Row(
            "QLinearMatMul",
            "",
            "signed weights, scales by column",
            [3, 4],
            (g, x) => Back(g, g.Op("QLinearMatMul", [Into(g, x), S(g, 0.05f), Z(g), g.Constant(weights), g.Constant(Tensor.Vector(0.01f, 0.02f, 0.01f, 0.03f, 0.01f)), g.Constant(Tensor.Of<sbyte>([5], [0, 1, 2, 3, 4])), S(g, 0.05f), Z(g)])),
            x => Through(torch.matmul(Through(x), (Numbers(4, 5) - torch.tensor([0f, 1, 2, 3, 4])) * torch.tensor([0.01f, 0.02f, 0.01f, 0.03f, 0.01f]))));
        yield return Row(
            "QLinearConv",
            "",
            "scales by channel, bias, pads",
            [2, 2, 4, 5],
            (g, x) => Back(g, g.Op(
                "QLinearConv",
                [Into(g, x), S(g, 0.05f), Z(g), g.Constant(Tensor.Of<sbyte>([2, 2, 3, 3], Weights.AsSpan(0, 36))), g.Constant(Tensor.Vector(0.005f, 0.01f)), g.Constant(Tensor.Of<sbyte>([2], [0, 0])), S(g, 0.05f), Z(g), g.Constant(Tensor.Vector(1000, -2000))],
                ("pads", AttributeValue.Of(1L, 1L, 1L, 1L)))),
            x => Through(F.conv2d(Through(x), Numbers(2, 2, 3, 3) * torch.tensor([0.005f, 0.01f]).reshape(2, 1, 1, 1), torch.tensor([1000 * 0.05f * 0.005f, -2000 * 0.05f * 0.01f]), padding: [1, 1])));
        yield return Row(
            "QGemm",
            Contributed,
            "transposed weights, bias",
            [3, 4],
            (g, x) => Back(g, g.Ops(Contributed, "QGemm", 1, [Into(g, x), S(g, 0.05f), Z(g), g.Constant(Tensor.Of<sbyte>([5, 4], Weights.AsSpan(0, 20))), S(g, 0.01f), g.Constant(Tensor.Scalar((sbyte)0)), g.Constant(Tensor.Vector(100, 200, 300, 400, 500)), S(g, 0.05f), Z(g)], ("transB", AttributeValue.Of(1L)))[0]),
            x => Through((torch.matmul(Through(x), Numbers(5, 4).transpose(0, 1)) * 0.01) + (torch.tensor([100f, 200, 300, 400, 500]) * 0.05 * 0.01)));
    }

    private static IEnumerable<GradientCase> FunctionRows()
    {
        foreach (bool sum in (bool[])[true, false])
        {
            Tensor other = Tensor.Of<byte>([4], [90, 110, 130, 70]);
            yield return Row(
                sum ? "QLinearAdd" : "QLinearMul",
                Contributed,
                "with a constant",
                [3, 4],
                (g, x) => Back(g, g.Ops(Contributed, sum ? "QLinearAdd" : "QLinearMul", 1, [Into(g, x), S(g, 0.05f), Z(g), g.Constant(other), S(g, 0.04f), Z(g), S(g, 0.05f), Z(g)])[0]),
                x =>
                {
                    TorchTensor b = torch.tensor([-10f, 10, 30, -30]) * 0.04;
                    return Through(sum ? Through(x) + b : Through(x) * b);
                });
        }

        yield return Unary("QLinearSigmoid", x => x.sigmoid(), [3, 4]);
        yield return Unary("QLinearLeakyRelu", x => F.leaky_relu(x, 0.2), [3, 4], ("alpha", AttributeValue.Of(0.2f)));
        yield return Unary("QLinearSoftmax", x => x.softmax(-1), [3, 4], ("axis", AttributeValue.Of(-1L)), ("opset", AttributeValue.Of(13L)));
        yield return Unary("QLinearGlobalAveragePool", x => x.mean([2, 3], true), [2, 3, 4, 5]);
        yield return Unary("QLinearAveragePool", x => F.avg_pool2d(x, [1, 3], [1, 3]), [2, 3, 4, 6], ("kernel_shape", AttributeValue.Of(1L, 3L)), ("strides", AttributeValue.Of(1L, 3L)));
        yield return Row(
            "QuantizeLinear",
            "",
            "moved and pooled as integers",
            [2, 3, 4, 6],
            (g, x) => Back(g, g.Op("Transpose", [g.Op("MaxPool", [Into(g, x)], ("kernel_shape", AttributeValue.Of(2L, 2L)), ("strides", AttributeValue.Of(2L, 2L)))], ("perm", AttributeValue.Of(1L, 0L, 3L, 2L)))),
            x => F.max_pool2d(Through(x), [2, 2], [2, 2]).permute(1, 0, 3, 2));
        yield return Row(
            "QLinearConcat",
            Contributed,
            "twice the same at two scales",
            [3, 4],
            (g, x) =>
            {
                Value q = Into(g, x);
                return Back(g, g.Ops(Contributed, "QLinearConcat", 1, [S(g, 0.05f), Z(g), q, S(g, 0.05f), Z(g), q, S(g, 0.03f), Z(g)], ("axis", AttributeValue.Of(1L)))[0]);
            },
            x => Through(torch.cat([Through(x), Through(x) * (0.03 / 0.05)], 1)));
    }

    // 5 rows of 40 numbers in 3 blocks of 16, of which the last is not full
    private static IEnumerable<GradientCase> PackedRows()
    {
        foreach (bool hasZeroPoints in (bool[])[false, true])
        {
            foreach (int bits in (int[])[4, 8])
            {
                byte[] numbers = [.. Enumerable.Range(0, 5 * 48).Select(i => (byte)(i * 37 % (1 << bits)))], zeros = [.. Enumerable.Range(0, 5 * 4).Select(i => (byte)(i * 5 % (1 << bits)))];
                float[] scales = [.. Enumerable.Range(0, 15).Select(i => 0.01f * (i + 1))];
                byte[] Packed(byte[] values) => bits == 8 ? values : [.. values.Chunk(2).Select(p => (byte)(p[0] | (p[1] << 4)))];
                byte[] given = bits == 4 ? Packed(zeros) : [.. zeros.Chunk(4).SelectMany(r => r[..3])];
                float[] real = [.. numbers.Select((n, i) => (n - (hasZeroPoints ? zeros[(i / 48 * 4) + (i % 48 / 16)] : 1 << (bits - 1))) * scales[i / 16])];
                yield return new GradientCase($"{bits} bits, zero points {hasZeroPoints}", "MatMulNBits")
                {
                    Domain = Contributed,
                    ElementType = ElementType.Float32,
                    Inputs =
                    [
                        CaseInput.Random(2, 3, 40) with { SymbolicAxes = [0, 1] },
                        CaseInput.Constant(Tensor.Of<byte>([5, 3, 16 * bits / 8], Packed(numbers))),
                        CaseInput.Constant(Tensor.Vector<float>(scales)),
                        hasZeroPoints ? CaseInput.Constant(Tensor.Vector<byte>(given)) : CaseInput.Absent,
                        CaseInput.Absent,
                        CaseInput.Parameter(5),
                    ],
                    Attributes = [("K", AttributeValue.Of(40L)), ("N", AttributeValue.Of(5L)), ("bits", AttributeValue.Of((long)bits)), ("block_size", AttributeValue.Of(16L))],
                    Torch = t => [torch.matmul(t[0], torch.tensor(real).reshape(5, 48).narrow(1, 0, 40).transpose(0, 1)) + t[5]],
                };
            }
        }
    }

    private static GradientCase Unary(string op, Func<TorchTensor, TorchTensor> function, long[] shape, params (string Name, AttributeValue Value)[] attributes) =>
        Row(op, Contributed, "in steps of 0.05", shape, (g, x) => Back(g, g.Ops(Contributed, op, 1, [Into(g, x), S(g, 0.05f), Z(g), S(g, 0.05f), Z(g)], attributes)[0]), x => Through(function(Through(x))));

    private static GradientCase Row(string op, string domain, string name, long[] shape, Func<ForwardGraph, Value, Value> build, Func<TorchTensor, TorchTensor> reference) => new(name, op)
    {
        Domain = domain,
        ElementType = ElementType.Float32,
        NoDifferencesBecause = Staircase,
        Inputs = [CaseInput.Random(Draws.Uniform(-2, 2), shape) with { SymbolicAxes = [0] }],
        Build = (g, inputs) => [build(g, inputs[0]!)],
        Torch = t => [reference(t[0])],
    };

    private static Value S(ForwardGraph g, float scale) => g.Constant(Tensor.Scalar(scale));

    private static Value Z(ForwardGraph g) => g.Constant(Tensor.Scalar((byte)100));

    private static Value Into(ForwardGraph g, Value x) => g.Op("QuantizeLinear", [x, S(g, 0.05f), Z(g)]);

    private static Value Back(ForwardGraph g, Value q) => g.Op("DequantizeLinear", [q, S(g, 0.05f), Z(g)]);

    private static TorchTensor Numbers(params long[] shape) =>
        torch.tensor(Weights.Take((int)shape.Aggregate(1L, (a, b) => a * b)).Select(w => (float)w).ToArray()).reshape(shape);

    // Rounded to steps of 0.05 between -5 and 7.75, the gradient straight through
    private static TorchTensor Through(TorchTensor x)
    {
        TorchTensor steps = (x / 0.05f).round() + 100;
        TorchTensor inside = (steps.ge(0) & steps.le(255)).to(torch.float32);
        TorchTensor straight = x * inside;
        return ((steps.clamp(0, 255) - 100) * 0.05f).detach() + straight - straight.detach();
    }

    private static TorchTensor Dynamic(TorchTensor x)
    {
        using TorchTensor low = x.detach().min().clamp_max(0), high = x.detach().max().clamp_min(0);
        float scale = (high - low).item<float>() / 255;
        float zero = MathF.Round(-low.item<float>() / scale);
        TorchTensor rounded = ((((x / scale).round() + zero).clamp(0, 255) - zero) * scale).detach();
        return rounded + x - x.detach();
    }
}
