using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Losses and their gradients on extreme but valid scores: finite wherever mathematics is, and right.</summary>
[Trait("Category", "Conformance")]
public sealed class ExtremeLossTests
{
    private const float Inf = float.PositiveInfinity;

    public static TheoryData<string, float[], long[], float[]?, long?, double> CrossEntropyRows() => new()
    {
        { "far apart", [1e4f, -1e4f, 0, -1e4f, 1e4f, 0], [1, 1], null, null, 0 },
        { "far apart, smoothed", [1e4f, -1e4f, 0, -1e4f, 1e4f, 0], [1, 1], null, null, 0.1 },
        { "equal", [5, 5, 5, -7, -7, -7], [0, 2], null, null, 0 },
        { "equal and large", [1e4f, 1e4f, 1e4f, -1e4f, -1e4f, -1e4f], [0, 2], [1, 2, 3], null, 0.2 },
        { "masked class", [1, -Inf, 2, 0.5f, 0.25f, -Inf], [0, 1], null, null, 0 },
        { "masked class, weighted", [1, -Inf, 2, 0.5f, 0.25f, -Inf], [0, 1], [0.5f, 2, 1], null, 0 },
        { "masked class at an ignored label", [-Inf, 1, 2, 0.5f, 0.25f, 1], [-1, 1], null, -1, 0 },
        { "masked class at an ignored label, weighted", [-Inf, 1, 2, 0.5f, 0.25f, 1], [-1, 1], [0.5f, 2, 1], -1, 0 },
        { "masked class without weight, smoothed", [1, -Inf, 2, 0.5f, -Inf, 0.25f], [0, 2], [0.5f, 0, 2], null, 0.1 },
        { "label without weight", [1, 3, 2, 0.5f, 0.25f, 1], [1, 2], [0.5f, 0, 2], null, 0 },
        { "masked label without weight", [1, -Inf, 2, 0.5f, 0.25f, 1], [1, 2], [0.5f, 0, 2], null, 0 },
        { "everything ignored", [1, 3, 2, 0.5f, 0.25f, 1], [-100, -100], null, -100, 0 },
        { "everything ignored, weighted and smoothed", [1, 3, 2, 0.5f, 0.25f, 1], [-100, -100], [1, 2, 3], -100, 0.1 },
        { "nothing weighs", [1, 3, 2, 0.5f, 0.25f, 1], [1, 1], [1, 0, 3], null, 0 },
    };

    [Theory]
    [MemberData(nameof(CrossEntropyRows))]
    public void CrossEntropy_OfExtremeScores_IsAsDefined(string name, float[] scores, long[] labels, float[]? weights, long? ignored, double smoothing)
    {
        var loss = new SoftmaxCrossEntropyLoss { ClassWeights = weights is null ? [] : [.. weights], IgnoreIndex = ignored, LabelSmoothing = smoothing };
        (float found, float[] gradient, long count) = Run(loss, [labels.Length, scores.Length / labels.Length], scores, Tensor.Vector<long>(labels));
        (double expected, double[] slopes) = Reference(scores, labels, weights, ignored, smoothing);
        Assert.True(double.IsFinite(expected));
        Assert.True(Math.Abs(found - expected) <= 1e-6 * Math.Max(1, Math.Abs(expected)), $"{name}: the loss is {found} instead of {expected}.");
        for (int i = 0; i < slopes.Length; i++)
            Assert.True(Math.Abs(gradient[i] - slopes[i]) <= 1e-6, $"{name}: gradient {i} is {gradient[i]} instead of {slopes[i]}.");
        Assert.Equal(labels.Count(y => y != ignored), count);
    }

    [Theory]
    [InlineData(1e4f, 0f)]
    [InlineData(1e4f, 1f)]
    [InlineData(-1e4f, 0.25f)]
    [InlineData(3e38f, 1f)]
    [InlineData(0f, 0.5f)]
    [InlineData(Inf, 1f)]
    [InlineData(-Inf, 0f)]
    public void BinaryCrossEntropy_OfExtremeScores_IsAsDefined(float score, float label)
    {
        (float found, float[] gradient, _) = Run(new BinaryCrossEntropyWithLogitsLoss(), [1, 2], [score, 0.5f], Tensor.Of<float>([1, 2], [label, 1]));
        double rest = Math.Log(1 + Math.Exp(-0.5));
        double term = float.IsInfinity(score) ? 0 : Math.Max(score, 0) - ((double)score * label) + Math.Log(1 + Math.Exp(-Math.Abs((double)score)));
        Assert.Equal((term + rest) / 2, found, Math.Max(1e-6, 1e-6 * term));
        Assert.Equal(((score > 50 ? 1 : score < -50 ? 0 : 1 / (1 + Math.Exp(-score))) - label) / 2, gradient[0], 6);
    }

    [Theory]
    [InlineData("mse", 1e4f, 1e8, 2e4)]
    [InlineData("l1", -1e4f, 1e4, -1)]
    [InlineData("l1", 0f, 0, 0)]
    [InlineData("huber", 1e4f, 9999.5, 1)]
    [InlineData("huber", -3e38f, 3e38, -1)]
    [InlineData("huber", 0f, 0, 0)]
    public void ElementwiseLosses_OfExtremeScores_AreAsDefined(string name, float score, double expected, double slope)
    {
        Loss loss = name switch { "mse" => new MeanSquaredLoss(), "l1" => new L1Loss(), _ => new HuberLoss() };
        (float found, float[] gradient, _) = Run(loss, [1, 1], [score], Tensor.Of<float>([1, 1], [0f]));
        Assert.Equal(expected, found, Math.Abs(expected) * 1e-6);
        Assert.Equal(slope, gradient[0], Math.Abs(slope) * 1e-6);
    }

    // Each row of scores has a row of the trained parameter, 0, added to it, so that one step at rate 1 shows its gradient.
    private static (float Loss, float[] Gradient, long Count) Run(Loss loss, long[] sizes, float[] scores, Tensor labels)
    {
        var graph = new OnnxGraph("scores");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", sizes[1])));
        Value row = graph.AddInput("row", new TensorType(ElementType.Float32, new Shape("N", sizes[0])));
        Value offset = graph.AddNode("MatMul", [row, graph.AddInitializer("offset", Tensor.Of<float>(sizes, new float[scores.Length]))], ["added"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Add", [x, offset], ["logits"]).Outputs[0]!);
        float[] rows = [.. Enumerable.Range(0, (int)(sizes[0] * sizes[0])).Select(i => i % (sizes[0] + 1) == 0 ? 1f : 0)];
        var boundary = new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>(sizes, scores), ["row"] = Tensor.Of<float>([sizes[0], sizes[0]], rows) };
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, Networks.Opset), new() { Trainable = TrainableSelection.Patterns("offset"), Loss = loss });
        using var runner = new StepRunner(artifacts);
        IReadOnlyDictionary<string, Tensor> result = runner.Step(boundary, labels, 1);
        string counted = artifacts.Manifest.Metrics.Single(m => m.Kind == "label_count").Tensor.Name;
        return (result[artifacts.Manifest.LossOutput].Span<float>()[0], Array.ConvertAll(runner.Floats("offset"), v => -v), result[counted].Span<long>()[0]);
    }

    private static (double Loss, double[] Gradient) Reference(float[] scores, long[] labels, float[]? weights, long? ignored, double smoothing)
    {
        int classes = scores.Length / labels.Length;
        double[] gradient = new double[scores.Length];
        double sum = 0, total = 0;
        double Weight(long c) => weights?[c] ?? 1;
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] == ignored)
                continue;
            double[] z = [.. scores.Skip(i * classes).Take(classes).Select(v => (double)v)];
            double log = z.Max() + Math.Log(z.Sum(v => Math.Exp(v - z.Max())));
            total += Weight(labels[i]);
            for (int c = 0; c < classes; c++)
            {
                double share = ((c == labels[i] ? 1 - smoothing : 0) + (smoothing / classes)) * Weight(c);
                if (share == 0)
                    continue;
                sum += share * (log - z[c]);
                for (int j = 0; j < classes; j++)
                    gradient[(i * classes) + j] += share * (Math.Exp(z[j] - log) - (j == c ? 1 : 0));
            }
        }

        return total == 0 ? (0, new double[scores.Length]) : (sum / total, Array.ConvertAll(gradient, g => g / total));
    }
}
