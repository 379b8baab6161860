using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>The loops that take the place of recurrent layers must compute what ONNX Runtime's layers compute.</summary>
public sealed class RecurrentForwardTests
{
    private const int Seed = 31;

    // ONNX Runtime's CPU kernels take Float32 and layout 0 alone.
    public static TheoryData<string> Rows =>
        [.. GradientTable.Rows.Where(r => r.OpType is "LSTM" or "GRU" or "RNN" && !r.Name.Contains("layout 1", StringComparison.Ordinal)).Select(r => r.Id)];

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Category", "Conformance")]
    public void Differentiate_RecurrentLayer_KeepsItsOutputs(string id)
    {
        GradientCase row = GradientTable.Find(id) with { ElementType = ElementType.Float32 };
        Tensor?[] inputs = CaseData.Draw(row, Seed);
        GradientCase layer = row with { Inputs = [.. row.Inputs.Select(i => i.Place == CaseInputPlace.Differentiated ? i with { Place = CaseInputPlace.Fed } : i)] };

        float expected = Loss(GradientModel.Create(layer, DimensionStyle.Symbolic, GradientRegistry.CreateDefault()), inputs, row.OpType, isKept: true);
        float actual = Loss(GradientModel.Create(row, DimensionStyle.Symbolic, GradientRegistry.CreateDefault()), inputs, row.OpType, isKept: false);

        Assert.True(Math.Abs(actual - expected) <= 2e-5 * Math.Max(1, Math.Abs(expected)), $"{id}, seed {Seed}: loss {actual:R}, ONNX Runtime's layer gives {expected:R}.");
    }

    private static float Loss(GradientModel model, Tensor?[] inputs, string opType, bool isKept)
    {
        Assert.Equal(isKept, model.Model.Graph.Nodes.Any(n => n.Is(opType)));
        using var ort = new OrtModel(model.Model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        Dictionary<string, Tensor> feeds = [];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input)
                feeds[model.InputNames[i]] = input;
        }

        return ort.Run(feeds)[GradientModel.LossName].Span<float>()[0];
    }

    [Fact]
    [Trait("Category", "Unit")]
    public void Differentiate_ClipOrUnknownActivation_NamesIt()
    {
        Assert.Contains("'clip'", Refusal(("clip", AttributeValue.Of(1f))), StringComparison.Ordinal);
        Assert.Contains("'ThresholdedRelu'", Refusal(("activations", AttributeValue.Of(["ThresholdedRelu"]))), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Unit")]
    public void Differentiate_OutputOfTheModel_KeepsNameAndType()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("T", "N", 3)));
        Value w = model.Graph.AddInput("w", new TensorType(ElementType.Float32, new Shape(1, 20, 3)));
        Value r = model.Graph.AddInput("r", new TensorType(ElementType.Float32, new Shape(1, 20, 5)));
        Value y = graph.Op("LSTM", [x, w, r], ("hidden_size", AttributeValue.Of(5L)));
        model.Graph.AddOutput(y);
        string name = y.Name;
        Value loss = graph.Op("ReduceSum", [y], ("keepdims", AttributeValue.Of(0L)));

        IReadOnlyDictionary<Value, Value> gradients = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [w, r]);

        model.Graph.AddOutput(gradients[w]);
        model.Graph.AddOutput(gradients[r]);
        Assert.Equal(name, model.Graph.Outputs[0].Name);
        Assert.Equal(new Shape("T", 1, "N", 5), model.Graph.Outputs[0].Shape);
        Assert.DoesNotContain(model.Graph.Nodes, n => n.Is("LSTM"));
        Assert.Equal(2, model.Graph.Nodes.Count(n => n.Is("Scan")));
        ModelChecker.Check(model);
    }

    private static string Refusal((string Name, AttributeValue Value) attribute)
    {
        var row = new GradientCase("refused", "RNN")
        {
            Inputs = [CaseInput.Random(4, 2, 3), CaseInput.Parameter(1, 5, 3), CaseInput.Parameter(1, 5, 5)],
            Attributes = [("hidden_size", AttributeValue.Of(5L)), attribute],
            NoTorchBecause = "It is refused.",
        };
        return Assert.Throws<UnsupportedGradientException>(() => GradientModel.Create(row, DimensionStyle.Static, GradientRegistry.CreateDefault())).Message;
    }
}
