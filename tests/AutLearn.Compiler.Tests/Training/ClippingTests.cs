using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Runtime;
using AutLearn.Testing;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>A finite gradient clips to the mathematical step, however large it is.</summary>
[Trait("Category", "Conformance")]
public sealed class ClippingTests : IDisposable
{
    private const int Rows = 4;
    private const int Features = 5;
    private const int Classes = 3;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<float, double, int> Magnitudes
    {
        get
        {
            var rows = new TheoryData<float, double, int>();
            foreach (float magnitude in (float[])[1e-8f, 1f, 1e10f, 1e18f, 3e19f, 1e20f, 1e25f, 1e30f, 1e34f, 1e38f])
            {
                foreach (double limit in (double[])[0.5, 1, 1e3])
                {
                    rows.Add(magnitude, limit, 1);
                    rows.Add(magnitude, limit, 2);
                }
            }

            return rows;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Magnitudes))]
    public void Step_AnyMagnitude_IsTheFloat64Reference(float magnitude, double limit, int accumulation)
    {
        const double rate = 0.25;
        using PersonalModel model = Open(new SgdOptimizer(), limit, accumulation);
        (float[] features, long[] labels) = Batch(magnitude);
        double[] gradient = Gradient(features, labels);

        // Relative to the largest element, so that nothing overflows here either.
        double largest = gradient.Max(Math.Abs), norm = largest * Math.Sqrt(gradient.Sum(g => g / largest * (g / largest)));
        double factor = Math.Min(1, limit / (norm + 1e-6));
        StepResult result = model.TrainStep(features, labels, rate);
        if (accumulation > 1)
            result = model.TrainStep(features, labels, rate);
        Assert.True(result.IsUpdate);
        Assert.InRange(result.GradientNorm!.Value, Math.Min(norm, float.MaxValue) * 0.99999, Math.Min(norm, float.MaxValue) * 1.00001);
        float[] w = model.GetParameter("w").Span<float>().ToArray(), b = model.GetParameter("b").Span<float>().ToArray();
        Assert.All(w.Concat(b).Zip(gradient), p => Assert.Equal(-rate * factor * p.Second, p.First, Math.Max(rate * factor * norm * 1e-5, 1e-30)));
    }

    [Theory]
    [InlineData("momentum")]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("adagrad")]
    [InlineData("rmsprop")]
    public void Step_HugeGradient_IsThatOfTheSameDirectionAtTheLimit(string optimizer)
    {
        Optimizer Of() => optimizer switch
        {
            "momentum" => new SgdOptimizer { Momentum = 0.9 },
            "adam" => new AdamOptimizer(),
            "adamw" => new AdamWOptimizer(),
            "adagrad" => new AdagradOptimizer(),
            _ => new RmsPropOptimizer(),
        };
        using PersonalModel huge = Open(Of(), 1, 1), usual = Open(Of(), 1, 1);

        // The bias has no part to speak of in either.
        (float[] large, long[] labels) = Batch(1e24f);
        huge.TrainStep(large, labels, 0.001);
        usual.TrainStep(Batch(1e9f).Features, labels, 0.001);
        float[] expected = usual.GetParameter("w").Span<float>().ToArray(), actual = huge.GetParameter("w").Span<float>().ToArray();
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-6));
        Assert.Contains(actual, v => v != 0);
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void Step_GradientNotFinite_IsRefused(float bad)
    {
        using PersonalModel model = Open(new SgdOptimizer(), 1, 1);
        (float[] features, long[] labels) = Batch(1e20f);
        features[7] = bad;
        Assert.Throws<NonFiniteStepException>(() => model.TrainStep(features, labels, 0.1));
        Assert.All(model.GetParameter("w").Span<float>().ToArray(), v => Assert.Equal(0, v));
    }

    private static (float[] Features, long[] Labels) Batch(float magnitude)
    {
        float[] features = [.. Enumerable.Range(0, Rows * Features).Select(i => magnitude * (float)Math.Sin(1 + i))];
        return (features, [0, 2, 1, 1]);
    }

    // With w = b = 0 every class has a third: dL/dw = x^T (1/3 - y) / N.
    private static double[] Gradient(float[] features, long[] labels)
    {
        double[] gradient = new double[(Features * Classes) + Classes];
        for (int row = 0; row < Rows; row++)
        {
            for (int c = 0; c < Classes; c++)
            {
                double d = ((1d / Classes) - (labels[row] == c ? 1 : 0)) / Rows;
                for (int f = 0; f < Features; f++)
                    gradient[(f * Classes) + c] += features[(row * Features) + f] * d;
                gradient[(Features * Classes) + c] += d;
            }
        }

        return gradient;
    }

    private PersonalModel Open(Optimizer optimizer, double limit, int accumulation)
    {
        var graph = new OnnxGraph("linear");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Features)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([Features, Classes], new float[Features * Classes]));
        Value b = graph.AddInitializer("b", Tensor.Vector<float>(new float[Classes]));
        graph.AddOutput(graph.AddNode("Gemm", [x, w, b], ["logits"]).Outputs[0]!);
        string path = _folder.File($"{Guid.NewGuid():N}.autlearn");
        ModelCompiler.Compile(new OnnxModel(graph, 18), new()
        {
            Trainable = TrainableSelection.All,
            Loss = new SoftmaxCrossEntropyLoss(),
            Optimizer = optimizer,
            ClipNorm = limit,
            AccumulationSteps = accumulation,
        }).SavePackage(path);
        return PersonalModel.Open(path, new() { IntraOpThreads = 1 });
    }
}
