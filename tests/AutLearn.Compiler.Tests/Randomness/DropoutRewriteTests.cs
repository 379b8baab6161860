using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Randomness;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Randomness;

public sealed class DropoutRewriteTests
{
    private const int Rows = 500;
    private const int Columns = 400;
    private const int Count = Rows * Columns;

    // Five standard deviations of a mean of independent draws.
    private static readonly double Bound = 5 / Math.Sqrt(Count);

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.75f)]
    [Trait("Category", "Conformance")]
    public void Apply_Ratio_KeepsThatShareScaled(float ratio)
    {
        using OrtModel ort = Open(Rewritten(ratio));

        float[] y = Run(ort, seed: 7);

        double deviation = Math.Sqrt(ratio * (1 - ratio));
        double kept = y.Count(v => v != 0) / (double)Count;
        Assert.InRange(kept, 1 - ratio - (Bound * deviation), 1 - ratio + (Bound * deviation));
        Assert.All(y, v => Assert.True(v == 0 || Math.Abs(v - (1 / (1 - ratio))) < 1e-6));

        // By rows the count of kept elements has the variance of independent draws: n p (1 - p), itself known to about 5 sqrt(2 / rows).
        double[] counts = [.. y.Chunk(Columns).Select(row => (double)row.Count(v => v != 0))];
        double mean = counts.Average(), variance = counts.Average(c => (c - mean) * (c - mean));
        Assert.InRange(variance / (Columns * deviation * deviation), 1 - (5 * Math.Sqrt(2d / Rows)), 1 + (5 * Math.Sqrt(2d / Rows)));
    }

    [Fact]
    [Trait("Category", "Conformance")]
    public void Apply_SameSeed_SameBitsInAnotherSession()
    {
        using OrtModel first = Open(Rewritten(0.5f)), second = Open(Rewritten(0.5f));

        float[] expected = Run(first, seed: long.MinValue + 5);
        Run(second, seed: 6);

        Assert.Equal(expected, Run(second, seed: long.MinValue + 5));
    }

    [Fact]
    [Trait("Category", "Conformance")]
    public void Apply_OtherSeeds_AreUncorrelated()
    {
        using OrtModel ort = Open(Rewritten(0.5f));
        long[] seeds = [0, 1, 2, 3, 4, -1, -2, 1L << 32, 1L << 33, (1L << 32) + 1, 1L << 62, long.MaxValue, 123456789];
        double[][] signs = [.. seeds.Select(s => Signs(Run(ort, s)))];

        for (int a = 0; a < seeds.Length; a++)
        {
            for (int b = a + 1; b < seeds.Length; b++)
            {
                for (int shift = -2; shift <= 2; shift++)
                    Assert.True(Math.Abs(Correlation(signs[a], signs[b], shift)) < Bound * 1.2, $"Seeds {seeds[a]} and {seeds[b]}, shift {shift}: {Correlation(signs[a], signs[b], shift)}.");
            }
        }
    }

    [Fact]
    [Trait("Category", "Conformance")]
    public void Apply_NeighbouringElements_AreUncorrelated()
    {
        using OrtModel ort = Open(Rewritten(0.5f));
        double[] signs = Signs(Run(ort, seed: 99));

        foreach (int lag in (int[])[1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 64, 128, 256, 400, 512, 1024, 4096, 32768, 65536])
            Assert.True(Math.Abs(Correlation(signs, signs, lag)) < Bound * 1.5, $"Lag {lag}: {Correlation(signs, signs, lag)}.");

        // Eight elements make a byte; all 256 should come equally often. Chi-square with 255 degrees of freedom stays below 380 (p = 5e-7).
        double[] bytes = new double[256];
        for (int i = 0; i + 8 <= Count; i += 8)
            bytes[Enumerable.Range(0, 8).Sum(k => signs[i + k] > 0 ? 1 << k : 0)]++;
        double expected = Count / 8 / 256d;
        Assert.InRange(bytes.Sum(n => (n - expected) * (n - expected) / expected), 150, 380);
    }

    [Fact]
    [Trait("Category", "Conformance")]
    public void Apply_TwoNodes_DrawDifferentMasks()
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        Value a = Dropout(g, x, 0.5f)[0], b = Dropout(g, x, 0.5f)[0];
        model.Graph.AddOutput(a);
        model.Graph.AddOutput(b);
        new DropoutRewrite().Apply(model);
        using OrtModel ort = Open(model);
        IReadOnlyDictionary<string, Tensor> y = ort.Run(Feeds(seed: 3));

        double[] first = Signs(y[model.Graph.Outputs[0].Name].Span<float>().ToArray()), second = Signs(y[model.Graph.Outputs[1].Name].Span<float>().ToArray());

        Assert.InRange(Correlation(first, second, 0), -Bound, Bound);
    }

    [Fact]
    [Trait("Category", "Conformance")]
    public void Apply_Mask_AgreesWithOutputAndKeepsNames()
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        Value[] outputs = Dropout(g, x, 0.25f, outputs: 2);
        string[] names = [outputs[0].Name, outputs[1].Name];
        model.Graph.AddOutput(outputs[0]);
        model.Graph.AddOutput(outputs[1]);

        Assert.True(new DropoutRewrite().Apply(model));

        Assert.Equal(names, model.Graph.Outputs.Select(o => o.Name));
        Assert.DoesNotContain(model.Graph.Nodes, n => n.OpType == "Dropout");
        using OrtModel ort = Open(model);
        IReadOnlyDictionary<string, Tensor> y = ort.Run(Feeds(seed: 11));
        Assert.Equal(y[names[1]].Span<bool>().ToArray(), Array.ConvertAll(y[names[0]].Span<float>().ToArray(), v => v != 0));
    }

    [Fact]
    [Trait("Category", "Conformance")]
    public void Apply_ThenDifferentiate_GradientIsScaledMask()
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        Value y = Dropout(g, x, 0.5f)[0];
        Value loss = g.Op("ReduceSum", [y], ("keepdims", AttributeValue.Of(0L)));
        new DropoutRewrite().Apply(model);
        Value gradient = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x])[x];
        model.Graph.AddOutput(model.Graph.Nodes.Single(n => n.Outputs.Contains(loss)).Inputs[0]!);
        model.Graph.AddOutput(gradient);
        using OrtModel ort = Open(model);

        // x is all ones, so that y is the scaled mask itself.
        IReadOnlyDictionary<string, Tensor> results = ort.Run(Feeds(seed: 5));
        Assert.True(results[model.Graph.Outputs[0].Name].ContentEquals(results[gradient.Name]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Category", "Conformance")]
    public void Apply_RatioAndModeFed_FollowsThem(bool trains)
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        Value ratio = model.Graph.AddInput("ratio", new TensorType(ElementType.Float32, Shape.Scalar));
        Value mode = model.Graph.AddInput("mode", new TensorType(ElementType.Bool, Shape.Scalar));
        model.Graph.AddOutput(g.Op("Dropout", [x, ratio, mode]));
        new DropoutRewrite().Apply(model);
        using OrtModel ort = Open(model);
        Dictionary<string, Tensor> feeds = Feeds(seed: 2);
        feeds["ratio"] = Tensor.Scalar(0.2f);
        feeds["mode"] = Tensor.Scalar(trains);

        float[] y = ort.Run(feeds)[model.Graph.Outputs[0].Name].Span<float>().ToArray();

        double kept = y.Count(v => v != 0) / (double)Count;
        Assert.InRange(kept, trains ? 0.8 - Bound : 1, trains ? 0.8 + Bound : 1);
        Assert.Equal(trains ? 1.25f : 1f, y.Max(), 1e-6f);
    }

    [Fact]
    [Trait("Category", "Unit")]
    public void Apply_InferenceOnly_ChangesNothing()
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        model.Graph.AddOutput(g.Op("Dropout", [x]));

        Assert.False(new DropoutRewrite().Apply(model));

        Assert.Single(model.Graph.Inputs);
        Assert.Single(model.Graph.Nodes);
    }

    [Fact]
    [Trait("Category", "Unit")]
    public void Apply_RatioOfOne_ThrowsAndNamesNode()
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        Value y = Dropout(g, x, 1f)[0];
        model.Graph.AddOutput(y);

        InvalidModelException e = Assert.Throws<InvalidModelException>(() => new DropoutRewrite().Apply(model));

        Assert.Equal(y.Name, e.NodeName);
    }

    [Fact]
    [Trait("Category", "Unit")]
    public void Apply_SeedNameTaken_Throws()
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        model.Graph.AddInput(DropoutRewrite.SeedName, new TensorType(ElementType.Float32, Shape.Scalar));
        model.Graph.AddOutput(Dropout(g, x, 0.5f)[0]);

        Assert.Throws<InvalidModelException>(() => new DropoutRewrite().Apply(model));
    }

    // What was kept in the forward pass, scaled, is what the gradient keeps.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Category", "Conformance")]
    public void Differentiate_TrainingDropoutLeftIn_FollowsItsOwnMask(bool isConstant)
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        Value mode = isConstant ? g.Constant(Tensor.Scalar(true)) : model.Graph.AddInput("training", new TensorType(ElementType.Bool, Shape.Scalar));
        Value y = g.Op("Dropout", [x, g.Constant(Tensor.Scalar(0.75f)), mode]);
        Value loss = g.Op("ReduceSum", [y], ("keepdims", AttributeValue.Of(0L)));
        Value gradient = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x])[x];
        model.Graph.AddOutput(y);
        model.Graph.AddOutput(gradient);
        model.Graph.SortTopologically();
        using OrtModel ort = Open(model);
        var ones = new float[Count];
        Array.Fill(ones, 1f);
        foreach (bool training in isConstant ? (bool[])[true] : [true, false])
        {
            IReadOnlyDictionary<string, Tensor> results = ort.Run(new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([Rows, Columns], ones), ["training"] = Tensor.Scalar(training) });

            // With x = 1 each output is its own slope.
            Assert.Equal(results[y.Name].Span<float>().ToArray(), results[gradient.Name].Span<float>().ToArray());
            Assert.Equal(training, results[y.Name].Span<float>().Contains(4f));
        }
    }

    private static OnnxModel Rewritten(float ratio)
    {
        OnnxModel model = Model(out ForwardGraph g, out Value x);
        model.Graph.AddOutput(Dropout(g, x, ratio)[0]);
        new DropoutRewrite().Apply(model);
        return model;
    }

    private static OnnxModel Model(out ForwardGraph g, out Value x)
    {
        var model = new OnnxModel(new OnnxGraph("dropout"), 21);
        g = new ForwardGraph(model);
        x = model.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("batch", Columns)));
        return model;
    }

    private static Value[] Dropout(ForwardGraph g, Value x, float ratio, int outputs = 1) =>
        g.Ops("", "Dropout", outputs, [x, g.Constant(Tensor.Scalar(ratio)), g.Constant(Tensor.Scalar(true))]);

    private static OrtModel Open(OnnxModel model) => new(model, GraphOptimizationLevel.ORT_ENABLE_ALL);

    private static float[] Run(OrtModel ort, long seed) => ort.Run(Feeds(seed)).Values.Single().Span<float>().ToArray();

    private static Dictionary<string, Tensor> Feeds(long seed)
    {
        float[] ones = new float[Count];
        Array.Fill(ones, 1f);
        return new() { ["x"] = Tensor.Of<float>([Rows, Columns], ones), ["seed"] = Tensor.Scalar(seed) };
    }

    private static double[] Signs(float[] y) => Array.ConvertAll(y, v => v != 0 ? 1d : -1d);

    private static double Correlation(double[] a, double[] b, int lag)
    {
        double sum = 0;
        for (int i = Math.Max(0, -lag); i < Count - Math.Max(0, lag); i++)
            sum += a[i] * b[i + lag];
        return sum / Count;
    }
}
