using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>What takes the place of an operator that is taken apart must compute what ONNX Runtime's own kernel computes.</summary>
[Trait("Category", "Conformance")]
public sealed class ComposedForwardTests
{
    private const int Seed = 32;

    private static readonly string[] Composed =
    [
        "Attention", "RotaryEmbedding", "LRN", "LpNormalization", "MeanVarianceNormalization", "RMSNormalization", "GridSample", "AffineGrid", "If", "Loop", "Scan",
        "MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv", "QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax",
        "QLinearGlobalAveragePool", "QLinearAveragePool", "QLinearConcat", "QGemm", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "FusedConv", "FusedGemm", "FusedMatMul",
        "SimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", "EmbedLayerNormalization", "MultiHeadAttention", "GroupQueryAttention",
    ];

    public static TheoryData<string> Rows => [.. GradientTable.Rows.Where(r => Composed.Contains(r.OpType)).Select(r => r.Id)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Differentiate_Operator_KeepsItsOutputs(string id)
    {
        GradientCase row = GradientTable.Find(id);
        Tensor?[] inputs = CaseData.Draw(row, Seed);
        GradientCase fed = row with { Inputs = [.. row.Inputs.Select(i => i.Place == CaseInputPlace.Differentiated ? i with { Place = CaseInputPlace.Fed } : i)] };

        double expected = Loss(GradientModel.Create(fed, DimensionStyle.Static, GradientRegistry.CreateDefault()), inputs);
        GradientModel apart = GradientModel.Create(row, DimensionStyle.Static, GradientRegistry.CreateDefault());
        double actual = Loss(apart, inputs);

        // Kernels on integers round what lies between two steps by themselves.
        double tolerance = row.OpType.StartsWith('Q') ? 2e-4 : 2e-5;
        Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Max(1, Math.Abs(expected)), $"{id}, seed {Seed}: loss {actual:R}, ONNX Runtime's operator gives {expected:R}.");
    }

    private static double Loss(GradientModel model, Tensor?[] inputs)
    {
        using var ort = new OrtModel(model.Model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        Dictionary<string, Tensor> feeds = [];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input)
                feeds[model.InputNames[i]] = input;
        }

        return CaseData.ToDoubles(ort.Run(feeds)[GradientModel.LossName])[0];
    }
}
