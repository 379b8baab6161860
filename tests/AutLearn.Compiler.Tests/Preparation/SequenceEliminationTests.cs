using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Preparation;

[Trait("Category", "Conformance")]
public sealed class SequenceEliminationTests
{
    // Chunks in another order and one twice, stacked along a new axis: the same numbers before and after, and no sequence left.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_ChunksPutTogetherAgain_SameNumbersWithoutSequences(long part)
    {
        var graph = new OnnxGraph("g");
        Value Add(string op, string name, Value[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
            graph.AddNode(op, inputs, [name], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value))).Outputs[0]!;
        Value Number(string name, long value) => graph.AddInitializer(name, Tensor.Scalar(value));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(2, 6)));
        Value chunks = Add("SplitToSequence", "chunks", [x, Number("part", part)], ("axis", AttributeValue.Of(1L)));
        Value last = Add("SequenceAt", "last", [chunks, Number("from_end", -1)]);
        Value longer = Add("SequenceInsert", "longer", [chunks, last, Number("first", 0)]);
        Value shorter = Add("SequenceErase", "shorter", [longer, Number("second", 1)]);
        Value count = Add("Cast", "count", [Add("SequenceLength", "length", [shorter])], ("to", AttributeValue.Of(1L)));
        Value stacked = Add("ConcatFromSequence", "stacked", [shorter], ("axis", AttributeValue.Of(0L)), ("new_axis", AttributeValue.Of(1L)));
        Value y = Add("Mul", "y", [stacked, count]);
        y.Type = new TensorType(ElementType.Float32, null);
        graph.AddOutput(y);
        var model = new OnnxModel(graph, 18);
        var feeds = new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([2, 6], [.. Enumerable.Range(0, 12).Select(i => (float)i)]) };
        Tensor before, after;
        using (var ort = new OrtModel(model, GraphOptimizationLevel.ORT_DISABLE_ALL))
            before = ort.Run(feeds)["y"];

        new PassSequence(new SequenceElimination(), new DeadNodeElimination()).Run(model);

        ModelChecker.Check(model);
        ShapeInference.Infer(model);
        Assert.DoesNotContain(graph.Nodes, n => n.OpType.Contains("Sequence", StringComparison.Ordinal));
        Assert.Equal(new Shape(6 / part, 2, part), graph.Outputs[0].Shape);
        using (var ort = new OrtModel(model, GraphOptimizationLevel.ORT_DISABLE_ALL))
            after = ort.Run(feeds)["y"];
        Assert.True(before.ContentEquals(after));
    }
}
