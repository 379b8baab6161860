using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Inference;
using AutLearn.Testing.Gradients;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>The largest score and its first place, of few classes and of so many that blocks of them are looked at.</summary>
[Trait("Category", "Conformance")]
public sealed class LargestScoreTests
{
    private const int Rows = 9;

    [Theory]
    [InlineData(1, ElementType.Float32)]
    [InlineData(5, ElementType.Float32)]
    [InlineData(2047, ElementType.Float32)]
    [InlineData(2048, ElementType.Float32)]
    [InlineData(2053, ElementType.Float32)]
    [InlineData(10_000, ElementType.Float32)]
    [InlineData(10_000, ElementType.Float64)]
    [InlineData(50_257, ElementType.Float32)]
    public void Find_TiesAndInfinities_IsTheFirstOfTheLargest(int classes, ElementType type)
    {
        var random = new Random(classes);
        double[] scores = new double[Rows * classes];
        for (int i = 0; i < scores.Length; i++)
        {
            // The first row is one tie, the next have a few values each, and the last no tie.
            int row = i / classes;
            scores[i] = row == 0 ? 0 : row == Rows - 1 ? random.NextDouble() - 2 : random.Next(row + 1) - (row % 3) - (row == 4 ? double.PositiveInfinity : 0);
        }

        scores[(5 * classes) + (classes / 2)] = double.PositiveInfinity;
        var graph = new OnnxGraph("scores");
        Value z = graph.AddInput("z", new(type, new Shape("N", classes)));
        (Value score, Value best) = LargestScore.Find(new GraphBuilder(graph, 18), z, classes);
        graph.AddOutput(score);
        graph.AddOutput(best);
        var model = new OnnxModel(graph, 18) { IrVersion = 8 };
        ShapeInference.Infer(model);
        using var session = new OrtModel(model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_ALL);
        Tensor fed = type == ElementType.Float64 ? Tensor.Of<double>([Rows, classes], scores) : Tensor.Of<float>([Rows, classes], [.. scores.Select(v => (float)v)]);
        IReadOnlyDictionary<string, Tensor> found = session.Run(new Dictionary<string, Tensor> { ["z"] = fed });
        for (int row = 0; row < Rows; row++)
        {
            double[] values = [.. scores.Skip(row * classes).Take(classes).Select(v => type == ElementType.Float64 ? v : (float)v)];
            Assert.Equal(Array.IndexOf(values, values.Max()), found[best.Name].Span<long>()[row]);
            Assert.Equal(values.Max(), type == ElementType.Float64 ? found[score.Name].Span<double>()[row] : found[score.Name].Span<float>()[row]);
        }
    }
}
