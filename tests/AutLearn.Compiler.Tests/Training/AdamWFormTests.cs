using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>The forms of AdamW in the plain step against their formulas in double precision, on gradients that are known.</summary>
[Trait("Category", "Conformance")]
public sealed class AdamWFormTests
{
    private const int Rows = 6;
    private const int Inputs = 4;
    private const int Outputs = 3;
    private const double Rate = 0.02;

    [Theory]
    [InlineData(AdamWForm.Torch, false, 0.3, 0.0)]
    [InlineData(AdamWForm.Torch, true, 0.3, 0.0)]
    [InlineData(AdamWForm.Transformers, false, 0.0, 0.0)]
    [InlineData(AdamWForm.Transformers, false, 0.3, 0.0)]
    [InlineData(AdamWForm.Transformers, false, 0.3, 0.1)]
    [InlineData(AdamWForm.Transformers, true, 0.3, 0.0)]
    public void Step_TwentyTimes_IsTheFormula(AdamWForm form, bool skipsCorrection, double decay, double clip)
    {
        // Large enough beside the roots to tell where it is added.
        var optimizer = new AdamWOptimizer { Form = form, SkipsBiasCorrection = skipsCorrection, WeightDecay = decay, Epsilon = 0.01, Beta1 = 0.8, Beta2 = 0.99 };
        CompiledArtifacts artifacts = ModelCompiler.Compile(Linear(), new CompileOptions
        {
            Trainable = TrainableSelection.All,
            Loss = new MeanSquaredLoss(),
            Optimizer = optimizer,
            ClipNorm = clip > 0 ? clip : null,
        });
        using var runner = new StepRunner(artifacts);
        double[] w = [.. runner.Floats("w").Select(v => (double)v)], m = new double[w.Length], s = new double[w.Length];
        var random = new Random(4);
        for (int step = 1; step <= 20; step++)
        {
            Tensor x = Networks.Random(random, 1, Rows, Inputs), y = Networks.Random(random, 1, Rows, Outputs);
            runner.Step(new Dictionary<string, Tensor> { ["x"] = x }, y, (float)Rate);
            double[] gradient = Gradient(x.Span<float>(), y.Span<float>(), w);
            double norm = Math.Sqrt(gradient.Sum(g => g * g)), scale = clip > 0 ? Math.Min(1, clip / (norm + 1e-6)) : 1;
            for (int i = 0; i < w.Length; i++)
                (w[i], m[i], s[i]) = Formula(optimizer, step, w[i], m[i], s[i], gradient[i] * scale);
        }

        float[] actual = runner.Floats("w");
        for (int i = 0; i < w.Length; i++)
            Assert.Equal(w[i], actual[i], 3e-6);
    }

    [Fact]
    public void Compile_Form_StandsInTheManifest()
    {
        Assert.Equal(AdamWForm.Transformers, Compile(new AdamWOptimizer { Form = AdamWForm.Transformers }).Manifest.Optimizer.Form);
        Assert.Equal(AdamWForm.Torch, Compile(new AdamWOptimizer()).Manifest.Optimizer.Form);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamWOptimizer { Form = (AdamWForm)7 });

        static CompiledArtifacts Compile(Optimizer optimizer) => ModelCompiler.Compile(Linear(), new CompileOptions { Trainable = TrainableSelection.All, Loss = new MeanSquaredLoss(), Optimizer = optimizer });
    }

    private static (double W, double M, double S) Formula(AdamWOptimizer o, int step, double w, double m, double s, double g)
    {
        m = (o.Beta1 * m) + ((1 - o.Beta1) * g);
        s = (o.Beta2 * s) + ((1 - o.Beta2) * g * g);
        double c1 = o.SkipsBiasCorrection ? 1 : 1 - Math.Pow(o.Beta1, step), c2 = o.SkipsBiasCorrection ? 1 : 1 - Math.Pow(o.Beta2, step);
        double kept = 1 - (Rate * o.WeightDecay);
        return o.Form == AdamWForm.Torch
            ? ((w * kept) - (Rate * (m / c1) / (Math.Sqrt(s / c2) + o.Epsilon)), m, s)
            : ((w - (Rate * Math.Sqrt(c2) / c1 * m / (Math.Sqrt(s) + o.Epsilon))) * kept, m, s);
    }

    // mean((x w - y)^2) has the gradient 2 x^T (x w - y) / (rows outputs).
    private static double[] Gradient(ReadOnlySpan<float> x, ReadOnlySpan<float> y, double[] w)
    {
        double[] gradient = new double[w.Length];
        for (int r = 0; r < Rows; r++)
        {
            for (int o = 0; o < Outputs; o++)
            {
                double difference = -y[(r * Outputs) + o];
                for (int i = 0; i < Inputs; i++)
                    difference += x[(r * Inputs) + i] * w[(i * Outputs) + o];
                for (int i = 0; i < Inputs; i++)
                    gradient[(i * Outputs) + o] += 2 * difference * x[(r * Inputs) + i] / (Rows * Outputs);
            }
        }

        return gradient;
    }

    private static OnnxModel Linear()
    {
        var graph = new OnnxGraph("linear");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Inputs)));
        Value w = graph.AddInitializer("w", Networks.Random(new Random(2), 1, Inputs, Outputs));
        graph.AddOutput(graph.AddNode("MatMul", [x, w], ["y"]).Output(0)!);
        return new OnnxModel(graph, Networks.Opset);
    }
}
