using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class SliceCases
{
    public static IEnumerable<GradientCase> Rows =>
    [
        Slice("front", [CaseInput.Ints(0), CaseInput.Ints(1), CaseInput.Ints(1)], x => x.narrow(1, 0, 1)),
        Slice("last, by negative bounds", [CaseInput.Ints(-1), CaseInput.Ints(long.MaxValue), CaseInput.Ints(-1)], x => x.narrow(1, 4, 1)),
        Slice("two axes", [CaseInput.Ints(1, 1), CaseInput.Ints(3, -1), CaseInput.Ints(0, 1)], x => x.narrow(0, 1, 2).narrow(1, 1, 3)),
        Slice("no axes", [CaseInput.Ints(1, 2), CaseInput.Ints(4, 5)], x => x.narrow(0, 1, 3).narrow(1, 2, 3)),
        Slice("bounds past the end", [CaseInput.Ints(-100), CaseInput.Ints(100), CaseInput.Ints(1)], x => x.clone()),
        Slice("step 2", [CaseInput.Ints(1), CaseInput.Ints(5), CaseInput.Ints(1), CaseInput.Ints(2)], x => x.index_select(1, torch.tensor([1L, 3L]))),
        Slice("backwards", [CaseInput.Ints(-1), CaseInput.Ints(long.MinValue), CaseInput.Ints(1), CaseInput.Ints(-1)], x => x.flip(1)),
        Slice("backwards by 2, two axes", [CaseInput.Ints(3, 4), CaseInput.Ints(0, 0), CaseInput.Ints(0, 1), CaseInput.Ints(-1, -2)], x => x.flip(0).narrow(0, 0, 3).index_select(1, torch.tensor([4L, 2L]))),
        Slice("computed bounds", [CaseInput.Fed(Tensor.Vector(-3L, 1L)), CaseInput.Fed(Tensor.Vector(3L, 100L)), CaseInput.Ints(0, 1)], x => x.narrow(0, 1, 2).narrow(1, 1, 4)),
        Slice("computed Int32 bounds", [CaseInput.Fed(Tensor.Vector(1)), CaseInput.Fed(Tensor.Vector(3)), CaseInput.Constant(Tensor.Vector(1))], x => x.narrow(1, 1, 2)),
        Slice("computed axes and steps", [CaseInput.Fed(Tensor.Vector(3L)), CaseInput.Fed(Tensor.Vector(0L)), CaseInput.Fed(Tensor.Vector(1L)), CaseInput.Fed(Tensor.Vector(-2L))], x => x.index_select(1, torch.tensor([3L, 1L]))),
        Pad("constant", "constant", [CaseInput.Ints(1, 0, 0, 2)], x => torch.nn.functional.pad(x, [0, 2, 1, 0])),
        Pad("negative", "constant", [CaseInput.Ints(-1, 2, 0, -1)], x => torch.nn.functional.pad(x.narrow(0, 1, 3).narrow(1, 0, 4), [2, 0, 0, 0])),
        Pad("computed", "constant", [CaseInput.Fed(Tensor.Vector(1L, 0L, 0L, 2L))], x => torch.nn.functional.pad(x, [0, 2, 1, 0])),
        Pad("axes", "constant", [CaseInput.Ints(1, 2), CaseInput.Absent, CaseInput.Ints(-1)], x => torch.nn.functional.pad(x, [1, 2])),
        new GradientCase("differentiated value", "Pad")
        {
            Inputs = [CaseInput.Random(4, 5), CaseInput.Ints(1, 0, 0, 2), CaseInput.Random()],
            Torch = t => [torch.nn.functional.pad(t[0] - t[2], [0, 2, 1, 0]) + t[2]],
        },
        Pad("reflect", "reflect", [CaseInput.Ints(2, 1, 0, 3)], x => torch.cat([x.index_select(0, torch.tensor([2L, 1L])), x], 0).index_select(1, torch.tensor([1L, 0L, 1L, 2L, 3L, 4L, 3L, 2L, 1L]))),
        Pad("edge", "edge", [CaseInput.Ints(1, 0, 0, 2)], x => x.index_select(0, torch.tensor([0L, 0L, 1L, 2L, 3L])).index_select(1, torch.tensor([0L, 1L, 2L, 3L, 4L, 4L, 4L]))),
    ];

    private static GradientCase Slice(string name, CaseInput[] bounds, Func<TorchTensor, TorchTensor> reference) => new(name, "Slice")
    {
        Inputs = [CaseInput.Random(4, 5), .. bounds],
        Torch = t => [reference(t[0])],
    };

    private static GradientCase Pad(string name, string mode, CaseInput[] inputs, Func<TorchTensor, TorchTensor> reference) => new(name, "Pad")
    {
        Inputs = [CaseInput.Random(4, 5), .. inputs],
        Attributes = [("mode", AttributeValue.Of(mode))],
        Torch = t => [reference(t[0])],
    };
}
