using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class IndexingCases
{
    public static IEnumerable<GradientCase> Rows =>
    [
        .. GatherRows(),
        .. ScatterRows(),
        .. ReducedScatterRows(),
        .. SelectionRows(),
        .. TopKRows(),
    ];

    private static CaseInput Indices(long[] dimensions, params long[] values) => CaseInput.Fed(Tensor.Of<long>(dimensions, values));

    private static GradientCase Axis(GradientCase row, long axis) => row with { Attributes = row.Attributes.Add(("axis", AttributeValue.Of(axis))) };

    private static IEnumerable<GradientCase> GatherRows()
    {
        yield return new GradientCase("embedding", "Gather")
        {
            Inputs = [CaseInput.Random(5, 3), Indices([2, 3], 0, 4, 0, 2, -1, 4)],
            Torch = t => [t[0].index_select(0, t[1].remainder(5).reshape(-1)).reshape(2, 3, 3)],
        };
        yield return new GradientCase("embedding, Int32 indices", "Gather")
        {
            Inputs = [CaseInput.Random(5, 3), CaseInput.Fed(Tensor.Vector(3, 3, 1))],
            Torch = t => [t[0].index_select(0, t[1].to(torch.int64))],
        };
        yield return Axis(
            new GradientCase("middle axis, matrix of indices", "Gather")
            {
                Inputs = [CaseInput.Random(2, 4, 3), Indices([2, 2], 3, 0, 0, -4)],
                Torch = t => [t[0].index_select(1, t[1].remainder(4).reshape(-1)).reshape(2, 2, 2, 3)],
            },
            1);
        yield return Axis(
            new GradientCase("last axis, vector", "Gather")
            {
                Inputs = [CaseInput.Random(2, 4), Indices([3], 1, 1, 3)],
                Torch = t => [t[0].index_select(1, t[1])],
            },
            -1);
        yield return Axis(
            new GradientCase("constant scalar", "Gather")
            {
                Inputs = [CaseInput.Random(2, 4, 3), CaseInput.Constant(Tensor.Scalar(-1L))],
                Torch = t => [t[0].select(1, 3)],
            },
            1);
        yield return Axis(
            new GradientCase("constant single", "Gather")
            {
                Inputs = [CaseInput.Random(2, 4, 3), CaseInput.Ints(1)],
                Torch = t => [t[0].narrow(1, 1, 1)],
            },
            1);
        yield return new GradientCase("fed scalar", "Gather")
        {
            Inputs = [CaseInput.Random(4, 3), CaseInput.Fed(Tensor.Scalar(2L))],
            Torch = t => [t[0].select(0, 2)],
        };
        yield return Axis(
            new GradientCase("repeated indices", "GatherElements")
            {
                Inputs = [CaseInput.Random(3, 4), Indices([3, 2], 0, 0, 3, -1, 1, 2)],
                Torch = t => [t[0].gather(1, t[1].remainder(4))],
            },
            -1);
        yield return new GradientCase("first axis", "GatherElements")
        {
            Inputs = [CaseInput.Random(3, 2), Indices([4, 2], 0, 0, 2, 1, 0, 2, 2, 2)],
            Torch = t => [t[0].gather(0, t[1])],
        };
        yield return new GradientCase("slices", "GatherND")
        {
            Inputs = [CaseInput.Random(3, 2, 4), Indices([3, 2], 0, 1, 2, -1, 0, 1)],
            Torch = t => [torch.stack([t[0].select(0, 0).select(0, 1), t[0].select(0, 2).select(0, 1), t[0].select(0, 0).select(0, 1)], 0)],
        };
        yield return new GradientCase("batch dimension", "GatherND")
        {
            Inputs = [CaseInput.Random(2, 3, 2), Indices([2, 1], 1, 2)],
            Attributes = [("batch_dims", AttributeValue.Of(1L))],
            Torch = t => [torch.stack([t[0].select(0, 0).select(0, 1), t[0].select(0, 1).select(0, 2)], 0)],
        };
    }

    private static IEnumerable<GradientCase> ScatterRows()
    {
        foreach (string reduction in (string[])["none", "add"])
        {
            bool add = reduction == "add";
            yield return new GradientCase($"reduction {reduction}", "ScatterElements")
            {
                Opset = 18,
                Inputs = [CaseInput.Random(3, 4), Indices([3, 2], 0, 2, 3, 1, 1, add ? 1 : 2), CaseInput.Random(3, 2)],
                Attributes = [("axis", AttributeValue.Of(1L)), ("reduction", AttributeValue.Of(reduction))],
                Torch = t => [add ? t[0].scatter_add(1, t[1], t[2]) : t[0].scatter(1, t[1], t[2])],
            };
            yield return new GradientCase($"reduction {reduction}", "ScatterND")
            {
                Opset = 18,
                Inputs = [CaseInput.Random(4, 3), Indices([2, 1], 2, add ? 2 : 0), CaseInput.Random(2, 3)],
                Attributes = [("reduction", AttributeValue.Of(reduction))],
                Torch = t => [add ? t[0].index_add(0, t[1].reshape(-1), t[2], 1) : t[0].index_copy(0, t[1].reshape(-1), t[2])],
            };
        }
    }

    private static IEnumerable<GradientCase> ReducedScatterRows()
    {
        Func<Random, int, double[]> offOne = Draws.Avoiding(-2, 2, 0);
        yield return new GradientCase("product, an index twice", "ScatterElements")
        {
            Opset = 18,
            Inputs =
            [
                CaseInput.Random(offOne, 3, 4),
                Indices([3, 3], 0, 2, 0, 1, 1, 1, 3, 0, 3),
                CaseInput.Random(offOne, 3, 3) with { SpecialPoints = [0, 2, 3, 0, 0, 2] },
            ],
            Attributes = [("axis", AttributeValue.Of(1L)), ("reduction", AttributeValue.Of("mul"))],
            Torch = t => [Scattered(t[0], t[1], t[2], (a, b) => a * b)],
        };
        yield return new GradientCase("product, a row twice", "ScatterND")
        {
            Opset = 18,
            Inputs = [CaseInput.Random(offOne, 4, 3), Indices([3, 1], 2, 0, 2), CaseInput.Random(offOne, 3, 3) with { SpecialPoints = [0, 2, 3, 4, 0, 2] }],
            Attributes = [("reduction", AttributeValue.Of("mul"))],
            Torch = t => [Scattered(t[0], t[1].expand(3, 3).transpose(0, 1), t[2].transpose(0, 1), (a, b) => a * b, 0)],
        };
        foreach (string reduction in (string[])["max", "min"])
        {
            Func<TorchTensor, TorchTensor, TorchTensor> reduce = reduction == "max" ? torch.maximum : torch.minimum;
            yield return new GradientCase($"{reduction}, an index twice", "ScatterElements")
            {
                Opset = 18,
                Inputs = [CaseInput.Random(Draws.Distinct, 3, 4), Indices([3, 3], 0, 2, 0, 1, 1, 3, 3, 0, 3), CaseInput.Random(Draws.Avoiding(-1, 1, -0.875, -0.625, -0.375, -0.125, 0.125, 0.375, 0.625, 0.875), 3, 3)],
                Attributes = [("axis", AttributeValue.Of(1L)), ("reduction", AttributeValue.Of(reduction))],
                Torch = t => [Scattered(t[0], t[1], t[2], reduce)],
            };
            yield return new GradientCase($"{reduction} of rows", "ScatterND")
            {
                Opset = 18,
                Inputs = [CaseInput.Random(Draws.Distinct, 4, 3), Indices([2, 1], 2, 0), CaseInput.Random(Draws.Avoiding(-1, 1, -0.875, -0.625, -0.375, -0.125, 0.125, 0.375, 0.625, 0.875), 2, 3)],
                Attributes = [("reduction", AttributeValue.Of(reduction))],
                Torch = t => [torch.stack([reduce(t[0].select(0, 0), t[2].select(0, 1)), t[0].select(0, 1), reduce(t[0].select(0, 2), t[2].select(0, 0)), t[0].select(0, 3)], 0)],
            };
        }
    }

    // Element by element, each on its row.
    private static TorchTensor Scattered(TorchTensor x, TorchTensor indices, TorchTensor updates, Func<TorchTensor, TorchTensor, TorchTensor> reduce, int axis = 1)
    {
        if (axis == 0)
            return Scattered(x.transpose(0, 1), indices, updates, reduce).transpose(0, 1);
        var rows = new List<TorchTensor>();
        for (int r = 0; r < x.shape[0]; r++)
        {
            TorchTensor[] elements = [.. Enumerable.Range(0, (int)x.shape[1]).Select(c => x[r, c])];
            for (int u = 0; u < indices.shape[1]; u++)
            {
                long at = indices[r, u].item<long>();
                elements[at] = reduce(elements[at], updates[r, u]);
            }

            rows.Add(torch.stack(elements, 0));
        }

        return torch.stack(rows, 0);
    }

    private static IEnumerable<GradientCase> SelectionRows()
    {
        yield return new GradientCase("slices of an axis", "Compress")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(3, 4), CaseInput.Fed(Tensor.Vector(true, false, true, true))],
            Attributes = [("axis", AttributeValue.Of(1L))],
            Torch = t => [t[0].index_select(1, torch.tensor([0L, 2, 3]))],
        };
        yield return new GradientCase("elements", "Compress")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 3), CaseInput.Fed(Tensor.Vector(false, true, false, false, true))],
            Torch = t => [t[0].reshape(-1).index_select(0, torch.tensor([1L, 4]))],
        };
        yield return new GradientCase("2 x 2", "MaxUnpool")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(1, 1, 2, 2), Indices([1, 1, 2, 2], 5, 7, 13, 10)],
            Attributes = [("kernel_shape", AttributeValue.Of(2L, 2L)), ("strides", AttributeValue.Of(2L, 2L))],
            Torch = t => [torch.zeros(16).index_add(0, torch.tensor([5L, 7, 13, 10]), t[0].reshape(-1), 1).reshape(1, 1, 4, 4)],
        };
    }

    private static IEnumerable<GradientCase> TopKRows()
    {
        yield return new GradientCase("largest", "TopK")
        {
            Inputs = [CaseInput.Random(Draws.Distinct, 3, 5), CaseInput.Ints(2)],
            Build = (g, inputs) => [g.Ops("", "TopK", 2, inputs)[0]],
            Torch = t => [torch.topk(t[0], 2).values],
        };
        yield return new GradientCase("smallest on axis 0", "TopK")
        {
            Inputs = [CaseInput.Random(Draws.Distinct, 4, 3), CaseInput.Ints(3)],
            Build = (g, inputs) => [g.Ops("", "TopK", 2, inputs, ("axis", AttributeValue.Of(0L)), ("largest", AttributeValue.Of(0L)))[0]],
            Torch = t => [torch.topk(t[0], 3, 0, false).values],
        };
    }
}
