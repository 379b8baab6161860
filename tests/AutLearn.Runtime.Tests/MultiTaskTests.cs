using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

/// <summary>A network that learns a class and a number at once, from labels that stand side by side.</summary>
[Trait("Category", "Unit")]
public sealed class MultiTaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrainAsync_TwoTasks_LearnsBoth()
    {
        using PersonalModel model = Open(ignored: null);
        FeatureSet features = Features(model, 64);
        EvaluationResult before = model.Evaluate(features);
        await new FineTuner(model).TrainAsync(features, new TrainingOptions { Epochs = 200, BatchSize = 16, LearningRate = 0.05 });
        EvaluationResult after = model.Evaluate(features);
        Assert.True(after.Loss < 0.2 * before.Loss, $"{before.Loss} -> {after.Loss}");
        Assert.Equal(128, after.LabelCount);

        using PredictionBatch batch = model.Predict([Inputs(64)]);
        for (int row = 0; row < 64; row++)
        {
            (int kind, float size) = Truth(batch.Inputs[0].Span<float>().Slice(row * 2, 2));
            ReadOnlySpan<float> scores = batch.Predictions[0].Span<float>().Slice(row * 2, 2);
            Assert.True(scores[kind] > scores[1 - kind], $"Row {row}.");
            Assert.InRange(batch.Predictions[1].Span<float>()[row], size - 0.15f, size + 0.15f);
        }
    }

    [Theory]
    [InlineData(2, "'kind'")]
    [InlineData(0.5f, "'kind'")]
    [InlineData(-1, "'kind'")]
    [InlineData(float.NaN, "finite")]
    public void TrainStep_ClassThatIsNone_NamesRowAndTask(float label, string message)
    {
        using PersonalModel model = Open(ignored: null);
        using PredictionBatch batch = model.Predict([Inputs(3)]);
        TensorBuffer labels = Labels(batch.Inputs[0]);
        labels.Span<float>()[4] = label;
        string error = Assert.Throws<ArgumentException>(() => model.TrainStep([.. batch.Boundary], labels, 0.1)).Message;
        Assert.Contains("row 2", error);
        Assert.Contains(message, error);
    }

    [Fact]
    public void TrainStep_IgnoredClass_LearnsTheNumberOfItsRow()
    {
        using PersonalModel model = Open(ignored: -1);
        using PredictionBatch batch = model.Predict([Inputs(3)]);
        TensorBuffer labels = Labels(batch.Inputs[0]);
        for (int row = 0; row < 3; row++)
            labels.Span<float>()[2 * row] = -1;
        float[] kind = model.GetParameter("kind.weight").Span<float>().ToArray(), size = model.GetParameter("size.weight").Span<float>().ToArray();
        Assert.Equal(3, model.TrainStep([.. batch.Boundary], labels, 0.1).LabelCount);
        Assert.Equal(kind, model.GetParameter("kind.weight").Span<float>().ToArray());
        Assert.NotEqual(size, model.GetParameter("size.weight").Span<float>().ToArray());
    }

    private static TensorBuffer Inputs(int rows)
    {
        var inputs = new TensorBuffer(ElementType.Float32, rows, 2);
        var random = new Random(2);
        foreach (ref float value in inputs.Span<float>())
            value = (2 * random.NextSingle()) - 1;
        for (int row = 0; row < rows; row++)
        {
            // A gap between the classes, so that a straight line can tell them apart.
            Span<float> x = inputs.Span<float>().Slice(row * 2, 2);
            x[0] += x[0] + x[1] > 0 ? 0.3f : -0.3f;
        }

        return inputs;
    }

    private static (int Kind, float Size) Truth(ReadOnlySpan<float> x) => (x[0] + x[1] > 0 ? 1 : 0, x[0] - (0.5f * x[1]));

    private static TensorBuffer Labels(TensorBuffer inputs)
    {
        var labels = new TensorBuffer(ElementType.Float32, inputs.Dimensions[0], 2);
        for (int row = 0; row < inputs.Dimensions[0]; row++)
            (labels.Span<float>()[2 * row], labels.Span<float>()[(2 * row) + 1]) = Truth(inputs.Span<float>().Slice(row * 2, 2));
        return labels;
    }

    private static FeatureSet Features(PersonalModel model, int rows)
    {
        FeatureSet features = model.CreateFeatureSet();
        using PredictionBatch batch = model.Predict([Inputs(rows)]);
        features.Add(batch, Labels(batch.Inputs[0]));
        return features;
    }

    private PersonalModel Open(long? ignored)
    {
        var graph = new OnnxGraph("two");
        var random = new Random(1);
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        graph.AddOutput(Dense("kind", 2));
        graph.AddOutput(Dense("size", 1));
        ModelCompiler.Compile(new OnnxModel(graph, 18), new()
        {
            Loss = new MultiTaskLoss(new TaskLoss("kind", new SoftmaxCrossEntropyLoss { IgnoreIndex = ignored }), new TaskLoss("size", new MeanSquaredLoss(), 2)),
            Trainable = TrainableSelection.All,
            Optimizer = new AdamOptimizer(),
        }).SavePackage(_folder.File("model.autlearn"));
        return PersonalModel.Open(_folder.File("model.autlearn"));

        Value Dense(string name, int outputs)
        {
            Value weight = graph.AddInitializer($"{name}.weight", Tensor.Of<float>([2, outputs], [.. Enumerable.Range(0, 2 * outputs).Select(_ => random.NextSingle() - 0.5f)]));
            Value bias = graph.AddInitializer($"{name}.bias", Tensor.Of<float>([outputs], new float[outputs]));
            return graph.AddNode("Gemm", [x, weight, bias], [name]).Outputs[0]!;
        }
    }
}
