using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class ShapeCases
{
    public static IEnumerable<GradientCase> Rows =>
    [
        Row("Reshape", "constant", [CaseInput.Random(2, 3, 4), CaseInput.Ints(6, -1)], x => x.reshape(6, 4)),
        Row("Reshape", "zero copies", [CaseInput.Random(2, 3, 4), CaseInput.Ints(0, -1)], x => x.reshape(2, 12)),
        Row("Reshape", "computed", [CaseInput.Random(2, 3, 4), CaseInput.Fed(Tensor.Vector(4L, 6L))], x => x.reshape(4, 6)),
        Row("Flatten", "axis 1", [CaseInput.Random(2, 3, 4)], x => x.reshape(2, 12)),
        Row("Flatten", "axis 0", [CaseInput.Random(2, 3, 4)], x => x.reshape(1, 24), ("axis", AttributeValue.Of(0L))),
        Row("Flatten", "axis -1", [CaseInput.Random(2, 3, 4)], x => x.reshape(6, 4), ("axis", AttributeValue.Of(-1L))),
        Row("Squeeze", "axes", [CaseInput.Random(2, 1, 3, 1), CaseInput.Ints(-1, 1)], x => x.reshape(2, 3)),
        Row("Squeeze", "all", [CaseInput.Random(2, 1, 3, 1)], x => x.reshape(2, 3)),
        Row("Unsqueeze", "axes", [CaseInput.Random(2, 3), CaseInput.Ints(0, -1)], x => x.reshape(1, 2, 3, 1)),
        Row("Transpose", "permutation", [CaseInput.Random(2, 3, 4)], x => x.permute(1, 2, 0), ("perm", AttributeValue.Of(1L, 2L, 0L))),
        Row("Transpose", "reversed", [CaseInput.Random(2, 3, 4)], x => x.permute(2, 1, 0)),
        Row("Expand", "new and repeated axes", [CaseInput.Random(3, 1), CaseInput.Ints(2, 3, 4)], x => x.expand(2, 3, 4)),
        Row("Expand", "smaller shape", [CaseInput.Random(3, 4), CaseInput.Ints(1, 1)], x => x.clone()),
        Row("Expand", "computed", [CaseInput.Random(3, 1), CaseInput.Fed(Tensor.Vector(2L, 1L, 4L))], x => x.expand(2, 3, 4)),
        Row("Tile", "constant", [CaseInput.Random(2, 3), CaseInput.Ints(2, 3)], x => x.repeat(2, 3)),
        Row("Tile", "computed", [CaseInput.Random(2, 3), CaseInput.Fed(Tensor.Vector(1L, 2L))], x => x.repeat(1, 2)),
        Row("Identity", "any", [CaseInput.Random(2, 3)], x => x.clone()),
        Row("Cast", "to double", [CaseInput.Random(2, 3)], x => x.to(torch.float64), ("to", AttributeValue.Of(11L))) with { ElementType = ElementType.Float32 },
        Row("CastLike", "to double", [CaseInput.Random(2, 3), CaseInput.Fed(Tensor.Scalar(0d))], x => x.to(torch.float64)) with { ElementType = ElementType.Float32 },
        Row("Cast", "to float and back", [CaseInput.Random(2, 3)], x => x.to(torch.float32).to(torch.float64)) with
        {
            Build = (g, inputs) => [g.Op("Cast", [g.Op("Cast", [inputs[0]], ("to", AttributeValue.Of(1L)))], ("to", AttributeValue.Of(11L)))],
            NoDifferencesBecause = "rounding to Float32 is coarser than the steps of Float64",
            ToleranceFactor = 1e3, // the gradient passes through Float32
        },
        Row("CastLike", "to float", [CaseInput.Random(2, 3), CaseInput.Fed(Tensor.Scalar(0f))], x => x.to(torch.float32)) with
        {
            NoDifferencesBecause = "rounding to Float32 is coarser than the steps of Float64",
            ToleranceFactor = 1e3, // the gradient passes through Float32
        },
        Row("Trilu", "upper", [CaseInput.Random(2, 3, 4)], x => x.triu()),
        Row("Trilu", "lower with offset", [CaseInput.Random(3, 4), CaseInput.Constant(Tensor.Scalar(-1L))], x => x.tril(-1), ("upper", AttributeValue.Of(0L))),
        Row("CumSum", "forward", [CaseInput.Random(2, 4), CaseInput.Constant(Tensor.Scalar(1L))], x => x.cumsum(1)),
        Row("CumSum", "reverse", [CaseInput.Random(2, 4), CaseInput.Constant(Tensor.Scalar(0L))], x => x.flip(0).cumsum(0).flip(0), ("reverse", AttributeValue.Of(1L))),
        Row("CumSum", "exclusive", [CaseInput.Random(2, 4), CaseInput.Constant(Tensor.Scalar(1L))], x => x.cumsum(1) - x, ("exclusive", AttributeValue.Of(1L))),
        Row("DepthToSpace", "DCR", [CaseInput.Random(2, 12, 2, 3)], DepthToSpaceDcr, ("blocksize", AttributeValue.Of(2L))),
        Row("DepthToSpace", "CRD", [CaseInput.Random(2, 12, 2, 3)], x => torch.nn.functional.pixel_shuffle(x, 2), ("blocksize", AttributeValue.Of(2L)), ("mode", AttributeValue.Of("CRD"))),
        Row("SpaceToDepth", "blocks of 2", [CaseInput.Random(2, 3, 4, 6)], SpaceToDepth, ("blocksize", AttributeValue.Of(2L))),
        .. ConcatAndSplit(),
        .. WhereRows(),
        .. CenterRows(),
    ];

    private static GradientCase Row(string op, string name, CaseInput[] inputs, Func<TorchTensor, TorchTensor> reference, params (string Name, AttributeValue Value)[] attributes) => new(name, op)
    {
        Inputs = [.. inputs],
        Attributes = [.. attributes],
        Torch = t => [reference(t[0])],
    };

    private static TorchTensor DepthToSpaceDcr(TorchTensor x) =>
        x.reshape(2, 2, 2, 3, 2, 3).permute(0, 3, 4, 1, 5, 2).reshape(2, 3, 4, 6);

    private static TorchTensor SpaceToDepth(TorchTensor x) =>
        x.reshape(2, 3, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(2, 12, 2, 3);

    private static IEnumerable<GradientCase> ConcatAndSplit()
    {
        yield return new GradientCase("three on axis 1", "Concat")
        {
            Inputs = [CaseInput.Random(2, 3), CaseInput.Random(2, 1), CaseInput.Random(2, 4)],
            Attributes = [("axis", AttributeValue.Of(1L))],
            Torch = t => [torch.cat(t, 1)],
        };
        yield return new GradientCase("negative axis, one frozen", "Concat")
        {
            Inputs = [CaseInput.Random(2, 3), CaseInput.Fed(Tensor.Of<double>([2, 2], [1, 2, 3, 4]))],
            Attributes = [("axis", AttributeValue.Of(-1L))],
            Torch = t => [torch.cat(t, 1)],
        };
        yield return new GradientCase("one input", "Concat")
        {
            Inputs = [CaseInput.Random(2, 3)],
            Attributes = [("axis", AttributeValue.Of(0L))],
            Torch = t => [t[0].clone()],
        };
        yield return new GradientCase("same value four times", "Concat")
        {
            Inputs = [CaseInput.Random(2, 3, 2)],
            Build = (g, inputs) => [g.Op("Concat", [inputs[0], inputs[0], inputs[0], inputs[0]], ("axis", AttributeValue.Of(-2L)))],
            Torch = t => [torch.cat([t[0], t[0], t[0], t[0]], -2)],
        };
        yield return new GradientCase("two values, one three times", "Concat")
        {
            Inputs = [CaseInput.Random(2, 3), CaseInput.Random(2, 1)],
            Build = (g, inputs) => [g.Op("Concat", [inputs[0], inputs[1], inputs[0], inputs[0]], ("axis", AttributeValue.Of(1L)))],
            Torch = t => [torch.cat([t[0], t[1], t[0], t[0]], 1)],
        };
        yield return new GradientCase("same value twice", "Concat")
        {
            Inputs = [CaseInput.Random(2, 3)],
            Build = (g, inputs) => [g.Op("Concat", [inputs[0], inputs[0]], ("axis", AttributeValue.Of(0L)))],
            Torch = t => [torch.cat([t[0], t[0]], 0)],
        };
        yield return new GradientCase("given sizes", "Split")
        {
            Inputs = [CaseInput.Random(2, 6), CaseInput.Ints(1, 2, 3)],
            Attributes = [("axis", AttributeValue.Of(-1L))],
            OutputCount = 3,
            Torch = t => [t[0].narrow(1, 0, 1), t[0].narrow(1, 1, 2), t[0].narrow(1, 3, 3)],
        };
        yield return new GradientCase("num_outputs, one unused", "Split")
        {
            Inputs = [CaseInput.Random(5, 2)],
            Build = (g, inputs) => [g.Ops("", "Split", 3, [inputs[0]], ("num_outputs", AttributeValue.Of(3L)))[1]],
            Torch = t => [t[0].narrow(0, 2, 2)],
        };
    }

    private static IEnumerable<GradientCase> CenterRows()
    {
        yield return new GradientCase("two sequences, batch first", "ReverseSequence")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 4), CaseInput.Fed(Tensor.Vector(3L, 4L))],
            Attributes = [("batch_axis", AttributeValue.Of(0L)), ("time_axis", AttributeValue.Of(1L))],
            Torch = t => [torch.cat([t[0].narrow(0, 0, 1).index_select(1, torch.tensor([2L, 1, 0, 3])), t[0].narrow(0, 1, 1).flip(1)], 0)],
        };
        yield return new GradientCase("crop and pad", "CenterCropPad")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 5, 4), CaseInput.Ints(2, 7)],
            Attributes = [("axes", AttributeValue.Of(1L, -1L))],
            Torch = t => [torch.nn.functional.pad(t[0].narrow(1, 1, 2), [1, 2])],
        };
        yield return new GradientCase("every axis", "CenterCropPad")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(3, 6), CaseInput.Ints(6, 3)],
            Torch = t => [torch.nn.functional.pad(t[0].narrow(1, 1, 3), [0, 0, 1, 2])],
        };
    }

    private static IEnumerable<GradientCase> WhereRows()
    {
        CaseInput condition = CaseInput.Fed(Tensor.Of<bool>([2, 3], [true, false, true, false, false, true]));
        yield return new GradientCase("same shape", "Where")
        {
            Inputs = [condition, CaseInput.Random(2, 3), CaseInput.Random(2, 3)],
            Torch = t => [torch.where(t[0], t[1], t[2])],
        };
        yield return new GradientCase("broadcast", "Where")
        {
            Inputs = [condition, CaseInput.Random(4, 1, 3), CaseInput.Random()],
            Torch = t => [torch.where(t[0], t[1], t[2])],
        };
    }
}
