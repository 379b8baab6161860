using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Layers that ONNX Runtime's optimizer puts together.</summary>
internal static class ContributedLayerCases
{
    private const string Domain = "com.microsoft";

    public static IEnumerable<GradientCase> Rows => [.. FusedRows(), .. NormalizationRows()];

    private static IEnumerable<GradientCase> FusedRows()
    {
        (string Name, float[] Parameters, Func<TorchTensor, TorchTensor> Function)[] activations =
        [
            ("Relu", [], x => F.relu(x)),
            ("Tanh", [], x => x.tanh()),
            ("LeakyRelu", [0.2f], x => F.leaky_relu(x, 0.2)),
            ("Clip", [-0.5f, 1.5f], x => x.clamp(-0.5, 1.5)),
        ];
        foreach ((string name, float[] parameters, Func<TorchTensor, TorchTensor> function) in activations)
        {
            yield return new GradientCase($"{name}, sum", "FusedConv")
            {
                Domain = Domain,
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(2, 3, 5, 4) with { SymbolicAxes = [0] }, CaseInput.Parameter(4, 3, 3, 3), CaseInput.Parameter(4), CaseInput.Random(2, 4, 5, 4) with { SymbolicAxes = [0] }],
                Attributes = [("activation", AttributeValue.Of(name)), ("activation_params", AttributeValue.Of(parameters.AsSpan())), ("pads", AttributeValue.Of(1L, 1L, 1L, 1L)), ("kernel_shape", AttributeValue.Of(3L, 3L))],
                Torch = t => [function(F.conv2d(t[0], t[1], t[2], padding: [1, 1]) + t[3])],
                NoDifferencesBecause = "Random sums lie near the corners of the activation.",
            };
        }

        yield return new GradientCase("LeakyRelu", "FusedGemm")
        {
            Domain = Domain,
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(3, 4) with { SymbolicAxes = [0] }, CaseInput.Parameter(5, 4), CaseInput.Parameter(5)],
            Attributes = [("activation", AttributeValue.Of("LeakyRelu")), ("activation_alpha", AttributeValue.Of(0.2f)), ("transB", AttributeValue.Of(1L)), ("alpha", AttributeValue.Of(0.5f))],
            Torch = t => [F.leaky_relu((0.5 * torch.matmul(t[0], t[1].transpose(0, 1))) + t[2], 0.2)],
            NoDifferencesBecause = "Random sums lie near the corner of the activation.",
        };
    }

    private static IEnumerable<GradientCase> NormalizationRows()
    {
        yield return new GradientCase("last axis", "SimplifiedLayerNormalization")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 3, 8) with { SymbolicAxes = [0, 1] }, CaseInput.Parameter(8)],
            Attributes = [("axis", AttributeValue.Of(-1L)), ("epsilon", AttributeValue.Of(0.125f))],
            Torch = t => [NormalizationCases.RootMeanSquare(t[0], [2], 0.125) * t[1]],
        };
        yield return new GradientCase("bias, sum as output", "SkipSimplifiedLayerNormalization")
        {
            Domain = Domain,
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(2, 3, 8) with { SymbolicAxes = [0, 1] }, CaseInput.Random(2, 3, 8) with { SymbolicAxes = [0, 1] }, CaseInput.Parameter(8), CaseInput.Parameter(8)],
            Build = (g, inputs) =>
            {
                Value[] outputs = g.Ops(Domain, "SkipSimplifiedLayerNormalization", 4, inputs, ("epsilon", AttributeValue.Of(0.125f)));
                return [outputs[0], outputs[3]];
            },
            Torch = t =>
            {
                TorchTensor s = t[0] + t[1] + t[3];
                return [NormalizationCases.RootMeanSquare(s, [2], 0.125) * t[2], s];
            },
        };
        yield return new GradientCase("words, positions and segments", "EmbedLayerNormalization")
        {
            Domain = Domain,
            ElementType = ElementType.Float32,
            Inputs =
            [
                CaseInput.Fed(Tensor.Of<int>([2, 3], [4, 0, 4, 1, 2, 0])), CaseInput.Fed(Tensor.Of<int>([2, 3], [0, 0, 1, 1, 0, 0])),
                CaseInput.Parameter(5, 8), CaseInput.Parameter(4, 8), CaseInput.Parameter(2, 8), CaseInput.Parameter(8), CaseInput.Parameter(8),
            ],
            Build = (g, inputs) => [g.Ops(Domain, "EmbedLayerNormalization", 2, inputs, ("epsilon", AttributeValue.Of(0.125f)))[0]],
            Torch = t =>
            {
                TorchTensor s = RowsOf(t[2], t[0]) + t[3].narrow(0, 0, 3) + RowsOf(t[4], t[1]);
                return [F.layer_norm(s, [8], t[5], t[6], 0.125)];
            },
        };
    }

    private static TorchTensor RowsOf(TorchTensor table, TorchTensor ids) => table.index_select(0, ids.to(torch.int64).reshape(-1)).reshape(ids.shape[0], ids.shape[1], -1);
}
