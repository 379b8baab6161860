using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class NormalizationCases
{
    public static IEnumerable<GradientCase> Rows =>
    [
        .. LayerRows(),
        .. BatchRows(),
        .. GroupRows(),
        .. DropoutRows(),
        .. ComposedRows(),
    ];

    private static IEnumerable<GradientCase> LayerRows()
    {
        foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.Float64])
        {
            foreach (int axis in (int[])[0, 1, 2, -1, -2])
            {
                long[] shape = [2, 3, 4];
                long[] normalized = shape[(axis < 0 ? axis + 3 : axis)..];
                yield return new GradientCase($"axis {axis}, {type}", "LayerNormalization")
                {
                    ElementType = type,
                    Inputs = [CaseInput.Random(shape), CaseInput.Parameter(normalized), CaseInput.Parameter(normalized)],
                    Attributes = [("axis", AttributeValue.Of((long)axis))],
                    Torch = t => [F.layer_norm(t[0], normalized, t[1], t[2], 1e-5f)],
                };
            }
        }

        yield return new GradientCase("no bias, epsilon, default axis, rank 4", "LayerNormalization")
        {
            Inputs = [CaseInput.Random(2, 2, 3, 5), CaseInput.Parameter(5)],
            Attributes = [("epsilon", AttributeValue.Of(0.1f))],
            Torch = t => [F.layer_norm(t[0], [5], t[1], null, 0.1f)],
            ToleranceFactor = 1e2, // epsilon is a Float32 on one side and a double on the other
        };
        yield return new GradientCase("statistics as outputs", "LayerNormalization")
        {
            ElementType = ElementType.Float32,
            OutputCount = 3,
            Inputs = [CaseInput.Random(3, 4), CaseInput.Parameter(4), CaseInput.Parameter(4)],
            Torch = t =>
            {
                TorchTensor mean = t[0].mean([-1L], true);
                TorchTensor r = 1 / (((t[0] - mean).square().mean([-1L], true) + 1e-5).sqrt());
                return [((t[0] - mean) * r * t[1]) + t[2], mean, r];
            },
        };
        yield return new GradientCase("scale broadcast to the axes", "LayerNormalization")
        {
            Inputs = [CaseInput.Random(2, 3, 4), CaseInput.Parameter(4), CaseInput.Parameter(4)],
            Attributes = [("axis", AttributeValue.Of(-1L))],
            Torch = t => [F.layer_norm(t[0], [4], t[1], t[2], 1e-5f)],
        };
    }

    private static IEnumerable<GradientCase> BatchRows()
    {
        long[][] shapes = [[4, 3], [3, 3, 4], [2, 3, 2, 3], [2, 3, 2, 2, 2]];
        foreach (long[] shape in shapes)
        {
            yield return new GradientCase($"frozen, rank {shape.Length}", "BatchNormalization")
            {
                Inputs = [CaseInput.Random(shape), .. Channels(), .. Channels()[..1], CaseInput.Random(Draws.Uniform(0.5, 2), 3) with { SymbolicAxes = [] }],
                Torch = t =>
                {
                    long[] alongChannels = [-1, .. Enumerable.Repeat(1L, shape.Length - 2)];
                    TorchTensor h = (t[0] - t[3].reshape(alongChannels)) / (t[4].reshape(alongChannels) + (double)1e-5f).sqrt();
                    return [(h * t[1].reshape(alongChannels)) + t[2].reshape(alongChannels)];
                },
            };
            yield return Training(shape, ElementType.Float64);
        }

        yield return Training([2, 3, 2, 3], ElementType.Float32);
    }

    private static GradientCase Training(long[] shape, ElementType type) => new($"training, rank {shape.Length}, {type}", "BatchNormalization")
    {
        ElementType = type,
        Inputs = [CaseInput.Random(shape), .. Channels(), Running(type), Running(type)],
        Attributes = [("training_mode", AttributeValue.Of(1L)), ("epsilon", AttributeValue.Of(0.125f))],
        Build = (g, inputs) => [g.Ops("", "BatchNormalization", 3, inputs, ("training_mode", AttributeValue.Of(1L)), ("epsilon", AttributeValue.Of(0.125f)))[0]],
        Torch = t => [F.batch_norm(t[0], t[3].clone(), t[4].clone(), t[1], t[2], training: true, eps: 0.125)],
    };

    private static CaseInput Running(ElementType type) =>
        CaseInput.Fed(type == ElementType.Float32 ? Tensor.Vector(0.5f, 1f, 2f) : Tensor.Vector(0.5, 1, 2)) with { SymbolicAxes = [] };

    private static CaseInput[] Channels() => [CaseInput.Parameter(3), CaseInput.Parameter(3)];

    private static IEnumerable<GradientCase> GroupRows()
    {
        yield return new GradientCase("rank 4", "InstanceNormalization")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 3, 3, 4), .. Channels()],
            Torch = t => [F.instance_norm(t[0], weight: t[1], bias: t[2], eps: 1e-5)],
        };
        yield return new GradientCase("rank 3", "InstanceNormalization")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 3, 5), .. Channels()],
            Torch = t => [F.instance_norm(t[0], weight: t[1], bias: t[2], eps: 1e-5)],
        };
        yield return Group("per channel", 21, perChannel: 6);
        yield return Group("per group", 18, perChannel: 2);
    }

    private static GradientCase Group(string name, long opset, long perChannel) => new(name, "GroupNormalization")
    {
        Opset = opset,
        ElementType = ElementType.Float32,
        Inputs = [CaseInput.Random(2, 6, 2, 3), CaseInput.Parameter(perChannel), CaseInput.Parameter(perChannel)],
        Attributes = [("num_groups", AttributeValue.Of(2L))],
        Torch = t => [F.group_norm(t[0], 2, t[1].repeat_interleave(6 / perChannel), t[2].repeat_interleave(6 / perChannel), 1e-5)],
    };

    private static IEnumerable<GradientCase> DropoutRows()
    {
        yield return new GradientCase("inference", "Dropout") { Inputs = [CaseInput.Random(2, 3)], Torch = t => [t[0].clone()] };
        yield return new GradientCase("inference, ratio and mode given", "Dropout")
        {
            Inputs = [CaseInput.Random(2, 3), CaseInput.Constant(Tensor.Scalar(0.5f)), CaseInput.Constant(Tensor.Scalar(false))],
            Torch = t => [t[0].clone()],
        };
    }

    private static IEnumerable<GradientCase> ComposedRows()
    {
        foreach (long size in (long[])[1, 3, 5])
        {
            yield return new GradientCase($"size {size}", "LRN")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(2, 6, 3, 2) with { SpecialPoints = [0, 0] }],
                Attributes = [("size", AttributeValue.Of(size)), ("alpha", AttributeValue.Of(0.5f)), ("beta", AttributeValue.Of(0.6f)), ("bias", AttributeValue.Of(1.5f))],
                Torch = t =>
                {
                    TorchTensor square = F.pad((t[0] * t[0]).reshape(2, 1, 6, 6), [0, 0, (size - 1) / 2, size / 2]);
                    TorchTensor sum = square.narrow(2, 0, 6);
                    for (int k = 1; k < size; k++)
                        sum = sum + square.narrow(2, k, 6);
                    return [t[0] / (1.5 + (0.5 / size * sum.reshape(2, 6, 3, 2))).pow(0.6f)];
                },
            };
        }

        foreach (long p in (long[])[1, 2])
        {
            foreach (long axis in (long[])[-1, 1])
            {
                yield return new GradientCase($"p {p}, axis {axis}", "LpNormalization")
                {
                    Inputs = [CaseInput.Random(Draws.Avoiding(-2, 2, 0), 2, 3, 4)],
                    Attributes = [("p", AttributeValue.Of(p)), ("axis", AttributeValue.Of(axis))],
                    Torch = t => [t[0] / TorchSharp.torch.linalg.vector_norm(t[0], p, [axis], true)],
                };
            }
        }

        yield return new GradientCase("default axes", "MeanVarianceNormalization")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 3, 4, 5)],
            Torch = t =>
            {
                TorchTensor c = t[0] - t[0].mean([0, 2, 3], true);
                return [c / ((c * c).mean([0, 2, 3], true).sqrt() + 1e-9)];
            },
        };
        foreach (long axis in (long[])[-1, 1])
        {
            long[] normalized = axis == -1 ? [4] : [3, 4];
            yield return new GradientCase($"axis {axis}", "RMSNormalization")
            {
                Opset = 23,
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(2, 3, 4), CaseInput.Parameter(normalized)],
                Attributes = [("axis", AttributeValue.Of(axis)), ("epsilon", AttributeValue.Of(0.125f))],
                Torch = t => [RootMeanSquare(t[0], axis == -1 ? [2] : [1, 2], 0.125) * t[1]],
            };
        }
    }

    /// <summary>x / sqrt(mean x^2 + epsilon).</summary>
    public static TorchTensor RootMeanSquare(TorchTensor x, long[] axes, double epsilon) => x / ((x * x).mean(axes, true) + epsilon).sqrt();
}
