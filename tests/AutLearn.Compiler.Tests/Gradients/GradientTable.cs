using AutLearn.Compiler.Tests.Gradients.Cases;
using AutLearn.Testing.Gradients;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>Every row of the gradient table.</summary>
internal static class GradientTable
{
    public static IReadOnlyList<GradientCase> Rows { get; } =
    [
        .. ArithmeticCases.Rows,
        .. ActivationCases.Rows,
        .. ReductionCases.Rows,
        .. ShapeCases.Rows,
        .. SliceCases.Rows,
        .. IndexingCases.Rows,
        .. ZeroCases.Rows,
        .. MatrixCases.Rows,
        .. SoftmaxCases.Rows,
        .. NormalizationCases.Rows,
        .. PoolingCases.Rows,
        .. ConvolutionCases.Rows,
        .. RecurrentCases.Rows,
        .. ResizeCases.Rows,
        .. SamplingCases.Rows,
        .. QuantizationCases.Rows,
        .. QuantizedLayerCases.Rows,
        .. AttentionCases.Rows,
        .. ControlFlowCases.Rows,
        .. TransformCases.Rows,
        .. ContributedCases.Rows,
        .. ContributedLayerCases.Rows,
    ];

    public static GradientCase Find(string id) => Rows.Single(r => r.Id == id);
}
