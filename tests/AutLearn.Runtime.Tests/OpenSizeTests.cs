using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

/// <summary>Models whose outputs and boundary tensors have sizes that no input has: pictures of any size, boxes of any number.</summary>
[Trait("Category", "Conformance")]
public sealed class OpenSizeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("symbols", 1)]
    [InlineData("symbols", 2)]
    [InlineData("unknown", 1)]
    [InlineData("unknown", 2)]
    [InlineData("wrong symbols", 1)]
    [InlineData("input unknown", 2)]
    public void Predict_MapsOfAnySize_LearnsAndPredictsOthers(string declared, int layers)
    {
        using PersonalModel model = Open(Maps(declared), layers, new MeanSquaredLoss());
        FeatureSet features = model.CreateFeatureSet();
        using (PredictionBatch batch = model.Predict([Picture(3, 8, 12)]))
        {
            Assert.Equal([3L, 1L, 4L, 6L], batch.Predictions[0].Dimensions.ToArray());
            var labels = new TensorBuffer(ElementType.Float32, 3, 1, 4, 6);
            labels.Span<float>().Fill(1);
            features.Add(batch, labels);
            double before = model.Evaluate(features).Loss;
            for (int i = 0; i < 20; i++)
                model.TrainStep([.. batch.Boundary], labels, 0.05);
            Assert.True(model.Evaluate(features).Loss < 0.7 * before);
        }

        using PredictionBatch other = model.Predict([Picture(1, 5, 5)]);
        Assert.Equal([1L, 1L, 3L, 3L], other.Predictions[0].Dimensions.ToArray());
        Assert.Equal([1L, 1L, 3L, 3L], other.Logits.Dimensions.ToArray());
    }

    [Fact]
    public void Predict_SameBatchAgain_FollowsSizesThatValuesDecide()
    {
        // The second output holds as many numbers as lie above 0.
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
        graph.AddOutput(graph.AddNode("MatMul", [x, w], ["logits"]).Outputs[0]!);
        Value isAbove = graph.AddNode("Greater", [x, graph.AddInitializer("zero", Tensor.Scalar(0f))], ["above"]).Outputs[0]!;
        Value picked = graph.AddNode("Compress", [graph.AddNode("Reshape", [x, graph.AddInitializer("flat", Tensor.Vector(-1L))], ["flat_x"]).Outputs[0]!, graph.AddNode("Reshape", [isAbove, graph.Find("flat")!], ["flat_above"]).Outputs[0]!], ["picked"]).Outputs[0]!;
        picked.Type = new TensorType(ElementType.Float32, null);
        graph.AddOutput(picked);
        using PersonalModel model = Open(new OnnxModel(graph, 18), 1, new SoftmaxCrossEntropyLoss(), "logits");
        using PredictionBatch batch = model.CreateBatch(2);
        Assert.Equal(0, batch.Predictions[1].Count);
        foreach (int above in (int[])[8, 3, 0, 5])
        {
            Span<float> values = batch.Inputs[0].Span<float>();
            for (int i = 0; i < 8; i++)
                values[i] = i < above ? i + 1 : -1;
            model.Predict(batch);
            Assert.Equal(Enumerable.Range(1, above).Select(i => (float)i), batch.Predictions[1].Span<float>().ToArray());
        }
    }

    [Fact]
    public void TrainStep_LabelsForEachPoint_TakeTheSizeOfTheMap()
    {
        using PersonalModel model = Open(Maps("unknown", classesLast: 3), 1, new SoftmaxCrossEntropyLoss());
        using PredictionBatch batch = model.Predict([Picture(2, 6, 4)]);
        Assert.Equal([2L, 3L, 2L, 3L], batch.Logits.Dimensions.ToArray());
        StepResult result = model.TrainStep(batch, new long[12], 0.1);
        Assert.Equal(12, result.LabelCount);
        Assert.Throws<ArgumentException>(() => model.TrainStep(batch, new long[11], 0.1));
    }

    private static TensorBuffer Picture(int rows, int height, int width)
    {
        var picture = new TensorBuffer(ElementType.Float32, rows, 3, height, width);
        var random = new Random(1);
        foreach (ref float value in picture.Span<float>())
            value = random.NextSingle();
        return picture;
    }

    // Maps of half the size, as detectors and segmentation networks give.
    private static OnnxModel Maps(string declared, int classesLast = 0)
    {
        var (graph, random) = (new OnnxGraph("maps"), new Random(1));
        Dimension height = declared == "input unknown" ? Dimension.Unknown : "h", width = declared == "input unknown" ? Dimension.Unknown : "w";
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 3, height, width)));
        Value c = graph.AddNode("Conv", [x, graph.AddInitializer("w1", Weights(random, 4, 3, 3, 3))], ["c"], [new("strides", AttributeValue.Of(2L, 2L)), new("pads", AttributeValue.Of(1L, 1L, 1L, 1L))]).Outputs[0]!;
        Value r = graph.AddNode("Relu", [c], ["r"]).Outputs[0]!;
        Value y = graph.AddNode("Conv", [r, graph.AddInitializer("w2", Weights(random, Math.Max(1, classesLast), 4, 1, 1))], ["y"]).Outputs[0]!;
        if (classesLast > 0)
            y = graph.AddNode("Transpose", [y], ["logits"], [new("perm", AttributeValue.Of(0L, 2L, 3L, 1L))]).Outputs[0]!;
        else
            y.Type = new TensorType(ElementType.Float32, declared == "symbols" ? new Shape("N", 1, "oh", "ow") : declared == "wrong symbols" ? new Shape("N", 1, "h", "w") : new Shape("N", 1, Dimension.Unknown, Dimension.Unknown));
        graph.AddOutput(y);
        return new OnnxModel(graph, 18);
    }

    private static Tensor Weights(Random random, params long[] sizes) =>
        Tensor.Of<float>(sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => (random.NextSingle() - 0.5f) / 2)]);

    private PersonalModel Open(OnnxModel model, int layers, Loss loss, string? logits = null)
    {
        ModelCompiler.Compile(model, new() { Loss = loss, LogitsName = logits, Trainable = TrainableSelection.LastLayers(layers), Optimizer = new SgdOptimizer() }).SavePackage(_folder.File("model.autlearn"));
        return PersonalModel.Open(_folder.File("model.autlearn"));
    }
}
