using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class ReductionCases
{
    private static readonly Func<Random, int, double[]> Positive = Draws.Uniform(0.5, 2);

    public static IEnumerable<GradientCase> Rows =>
    [
        .. Variants("ReduceSum", ElementType.Float64, Draws.Normal, [], (x, dims, keep) => x.sum(dims, keep)),
        .. Variants("ReduceMean", ElementType.Float64, Draws.Normal, [], (x, dims, keep) => x.mean(dims, keep)),
        .. Variants("ReduceMax", ElementType.Float64, Draws.Distinct, [9, 9, 1, 9, 9, 2], (x, dims, keep) => x.amax(dims, keep)),
        .. Variants("ReduceMin", ElementType.Float64, Draws.Distinct, [-9, -9, 1, -9, -9, 2], (x, dims, keep) => x.amin(dims, keep)),
        .. Variants("ReduceProd", ElementType.Float32, Draws.Avoiding(-2, 2, 0), [0, 1, 2, 3, 0, 2, 0, 3, 0, 0, 0, 0], Product),
        .. Variants("ReduceL1", ElementType.Float32, Draws.Avoiding(-2, 2, 0), [0, -0d, 0], (x, dims, keep) => x.abs().sum(dims, keep)),
        .. Variants("ReduceL2", ElementType.Float32, Positive, [0, 0, 0, 0, 0, 0, 0, 0], (x, dims, keep) => TorchSharp.torch.linalg.vector_norm(x, 2, dims, keep)),
        .. Variants("ReduceSumSquare", ElementType.Float32, Draws.Normal, [0], (x, dims, keep) => (x * x).sum(dims, keep)),
        .. Variants("ReduceLogSum", ElementType.Float32, Positive, [], (x, dims, keep) => x.sum(dims, keep).log()),
        .. Variants("ReduceLogSumExp", ElementType.Float64, Draws.Normal, [600, 600, -600], LogSumExp),
    ];

    // libtorch multiplies along one axis at a time.
    private static TorchTensor Product(TorchTensor x, long[] dims, bool keep)
    {
        foreach (long dim in dims)
            x = x.prod(dim, true);
        return keep ? x : Squeeze(x, dims);
    }

    private static TorchTensor Squeeze(TorchTensor x, long[] dims) => dims.OrderDescending().Aggregate(x, (t, d) => t.squeeze(d));

    // TorchSharp's logsumexp takes one axis only.
    private static TorchTensor LogSumExp(TorchTensor x, long[] dims, bool keep)
    {
        TorchTensor largest = x.detach().amax(dims, true);
        TorchTensor result = (x - largest).exp().sum(dims, true).log() + largest;
        return keep ? result : result.reshape(x.sum(dims, false).shape);
    }

    private static IEnumerable<GradientCase> Variants(
        string op,
        ElementType type,
        Func<Random, int, double[]> draw,
        double[] specialPoints,
        Func<TorchTensor, long[], bool, TorchTensor> torch)
    {
        CaseInput x = CaseInput.Random(draw, 2, 3, 4) with { SpecialPoints = [.. specialPoints] };
        (string Name, CaseInput Axes, long[] Dims, long Keep)[] variants =
        [
            ("last axis kept", CaseInput.Ints(2), [2], 1),
            ("last axis dropped", CaseInput.Ints(-1), [2], 0),
            ("two axes dropped", CaseInput.Ints(-1, 0), [0, 2], 0),
            ("all axes dropped", CaseInput.Absent, [0, 1, 2], 0),
            ("all axes kept", CaseInput.Absent, [0, 1, 2], 1),
            ("computed axes dropped", CaseInput.Fed(Tensor.Vector(1L, -1L)), [1, 2], 0),
            ("computed axes kept", CaseInput.Fed(Tensor.Vector(1L)), [1], 1),
        ];
        foreach ((string name, CaseInput axes, long[] dims, long keep) in variants)
        {
            yield return new GradientCase(name, op)
            {
                ElementType = type,
                Inputs = [x, axes],
                Attributes = [("keepdims", AttributeValue.Of(keep))],
                Torch = t => [torch(t[0], dims, keep != 0)],
            };
        }

        // No axes and noop_with_empty_axes: what is left is the elementwise part of the reduction.
        if (op is "ReduceSum" or "ReduceMean" or "ReduceMax" or "ReduceMin")
        {
            yield return new GradientCase("no axes, no reduction", op)
            {
                ElementType = type,
                Inputs = [x],
                Attributes = [("noop_with_empty_axes", AttributeValue.Of(1L)), ("keepdims", AttributeValue.Of(0L))],
                Torch = t => [t[0].clone()],
            };
        }
    }
}
