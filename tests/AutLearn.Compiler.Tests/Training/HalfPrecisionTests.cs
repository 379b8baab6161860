using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Heads of half precision: stored and multiplied in Float16, weighed and updated in Float32.</summary>
[Trait("Category", "Conformance")]
public sealed class HalfPrecisionTests
{
    private const int Width = 6;
    private const int Classes = 4;
    private const float Rate = 0.02f;

    private static readonly Dictionary<string, Optimizer> Optimizers = new()
    {
        ["sgd"] = new SgdOptimizer { WeightDecay = 0.01 },
        ["momentum"] = new SgdOptimizer { Momentum = 0.9, IsNesterov = true },
        ["adam"] = new AdamOptimizer(),
        ["adamw"] = new AdamWOptimizer(),
        ["adagrad"] = new AdagradOptimizer(),
        ["rmsprop"] = new RmsPropOptimizer { Momentum = 0.5 },
    };

    public static TheoryData<string, double?, int> Rows()
    {
        var rows = new TheoryData<string, double?, int>();
        foreach (string optimizer in Optimizers.Keys)
        {
            rows.Add(optimizer, null, 1);
            rows.Add(optimizer, 0.05, 1);
            rows.Add(optimizer, null, 2);
        }

        return rows;
    }

    // The same network in Float32, its parameters rounded to Float16 after each step. Rounding within the step moves a gradient by about
    // 1e-3 of itself, hence a parameter by about 1e-3 of the way it went.
    [Theory]
    [MemberData(nameof(Rows))]
    public void Step_ManyTimes_FollowsFloat32WithRoundedParameters(string optimizer, double? clip, int accumulation)
    {
        CompiledArtifacts halves = Compile(ElementType.Float16, optimizer, clip, accumulation), singles = Compile(ElementType.Float32, optimizer, clip, accumulation);
        Assert.All(halves.Manifest.OptimizerState.Where(s => s.Parameter is not null), s => Assert.Equal(ElementType.Float32, s.Tensor.ElementType));
        using var half = new StepRunner(halves);
        using var single = new StepRunner(singles);
        var random = new Random(8);
        float[] initial = single.Floats("w");
        for (int step = 0; step < 60; step++)
        {
            // The first column is dead: its weights get the gradient 0 in every step.
            float[] x = [.. Enumerable.Range(0, 5 * Width).Select(i => i % Width == 0 ? 0 : (float)(Half)((2 * random.NextDouble()) - 1))];
            Tensor labels = Tensor.Vector<long>([.. Enumerable.Range(0, 5).Select(r => x[(r * Width) + 1] + (0.2 * x[(r * Width) + 2]) > 0 ? 1L : 3L)]);
            single.Step(new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([5, Width], x) }, labels, Rate);
            half.Step(new Dictionary<string, Tensor> { ["x"] = Halves([5, Width], x) }, labels, Rate);
            foreach (string name in (string[])["w", "b"])
                single.Values[name] = Tensor.Of<float>(single.Values[name].Dimensions.AsSpan(), Array.ConvertAll(single.Floats(name), v => (float)(Half)v));
        }

        foreach (string name in (string[])["w", "b"])
        {
            float[] expected = single.Floats(name), actual = Array.ConvertAll(half.Values[name].Span<Half>().ToArray(), v => (float)v);
            Assert.All(actual, v => Assert.True(float.IsFinite(v)));
            double moved = name == "w" ? expected.Zip(initial).Max(p => Math.Abs(p.First - p.Second)) : expected.Max(Math.Abs);
            double error = expected.Zip(actual).Max(p => Math.Abs(p.First - p.Second));
            Assert.True(error <= 0.02 * moved, $"{name} went {moved:G3} and is {error:G3} off.");
        }
    }

    [Theory]
    [InlineData(2, 40_000)]
    [InlineData(2, 80_000)]
    public void CrossEntropy_OfMoreLabelsThanHalfPrecisionCounts_IsRight(int classes, int rows)
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Head(ElementType.Float16, classes, zero: true), new() { Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -1 } });
        using var runner = new StepRunner(artifacts);
        Tensor x = Halves([rows, Width], [.. Enumerable.Repeat(1f, rows * Width)]);
        IReadOnlyDictionary<string, Tensor> result = runner.Step(new Dictionary<string, Tensor> { ["x"] = x }, Tensor.Vector<long>(new long[rows]), 1);
        Assert.Equal(Math.Log(classes), result[artifacts.Manifest.LossOutput].Span<float>()[0], 3);
        Assert.All(runner.Values["b"].Span<Half>().ToArray().Zip((float[])[0.5f, -0.5f]), p => Assert.Equal(p.Second, (float)p.First, 2));
    }

    [Theory]
    [InlineData("mse")]
    [InlineData("huber")]
    [InlineData("l1")]
    [InlineData("bce")]
    public void ElementwiseLosses_OfLargeScores_DoNotOverflow(string name)
    {
        Loss loss = name switch
        {
            "mse" => new MeanSquaredLoss(),
            "huber" => new HuberLoss { Delta = 1000 },
            "l1" => new L1Loss(),
            _ => new BinaryCrossEntropyWithLogitsLoss(),
        };
        CompiledArtifacts artifacts = ModelCompiler.Compile(Head(ElementType.Float16, Classes, zero: true), new() { Loss = loss });
        using var runner = new StepRunner(artifacts);
        runner.Values["b"] = Halves([Classes], [1000, -1000, 500, 1000]);
        var boundary = new Dictionary<string, Tensor> { ["x"] = Halves([100, Width], new float[100 * Width]) };
        float found = runner.Step(boundary, Halves([100, Classes], new float[100 * Classes]), 1e-3f)[artifacts.Manifest.LossOutput].Span<float>()[0];
        float expected = name switch { "mse" => 812_500, "huber" => 406_250, "l1" => 875, _ => 625 };
        Assert.Equal(expected, found, expected * 1e-3f);
        Assert.All(runner.Values["b"].Span<Half>().ToArray(), v => Assert.True(Half.IsFinite(v)));
    }

    private static CompiledArtifacts Compile(ElementType type, string optimizer, double? clip, int accumulation) => ModelCompiler.Compile(
        Head(type, Classes, zero: false),
        new() { Trainable = TrainableSelection.All, Optimizer = Optimizers[optimizer], ClipNorm = clip, AccumulationSteps = accumulation });

    private static OnnxModel Head(ElementType type, int classes, bool zero)
    {
        var random = new Random(5);
        float[] weights = [.. Enumerable.Range(0, Width * classes).Select(_ => zero ? 0 : (float)(Half)(random.NextDouble() - 0.5))];
        Tensor Of(long[] sizes, float[] values) => type == ElementType.Float16 ? Halves(sizes, values) : Tensor.Of<float>(sizes, values);
        var graph = new OnnxGraph("half");
        Value x = graph.AddInput("x", new TensorType(type, new Shape("N", Width)));
        Value w = graph.AddInitializer("w", Of([Width, classes], weights)), b = graph.AddInitializer("b", Of([classes], new float[classes]));
        graph.AddOutput(graph.AddNode("Gemm", [x, w, b], ["logits"]).Outputs[0]!);
        return new OnnxModel(graph, Networks.Opset);
    }

    private static Tensor Halves(long[] sizes, float[] values) => Tensor.Of<Half>(sizes, Array.ConvertAll(values, v => (Half)v));
}
