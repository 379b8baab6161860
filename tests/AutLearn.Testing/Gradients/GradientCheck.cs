using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Testing.Torch;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace AutLearn.Testing.Gradients;

/// <summary>Checks one row of the gradient table.</summary>
public sealed class GradientCheck
{
    private readonly GradientCase _row;
    private readonly GradientRegistry _rules;
    private readonly GradientTolerance _tolerance;

    public GradientCheck(GradientCase row, GradientRegistry rules)
    {
        _row = row;
        _rules = rules;
        _tolerance = GradientTolerance.Of(row.ElementType);
        if (row.Torch is null == row.NoTorchBecause is null)
            throw new ArgumentException($"{row.Id} needs either a libtorch reference or the reason why there is none.");
    }

    private IEnumerable<int> Differentiated => Enumerable.Range(0, _row.Inputs.Length).Where(i => _row.Inputs[i].Place == CaseInputPlace.Differentiated);

    /// <summary>
    /// Along a random direction d: the gradient's g . d against (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, whose error is O(h^4).
    /// </summary>
    /// <remarks>Fornberg, Generation of finite difference formulas on arbitrarily spaced grids, 1988, table 1.</remarks>
    public void AgainstCentralDifferences(int seed)
    {
        Skip.If(_row.NoDifferencesBecause is not null, _row.NoDifferencesBecause);
        GradientModel model = GradientModel.Create(_row, DimensionStyle.Static, _rules);
        using var ort = new OrtModel(model.Model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        Tensor?[] inputs = CaseData.Draw(_row, seed);
        var random = new Random(seed);
        var directions = Differentiated.ToDictionary(i => i, i => Draws.Uniform(-1, 1)(random, (int)inputs[i]!.Count));

        double[][] gradients = Gradients(ort, model, inputs);
        double slope = 0;
        foreach (int i in Differentiated)
            slope += Dot(gradients[i], directions[i]);

        double h = _tolerance.Step;
        double LossAt(double t) => Loss(ort, model, Move(inputs, directions, t));
        double differences = ((8 * (LossAt(h) - LossAt(-h))) - (LossAt(2 * h) - LossAt(-2 * h))) / (12 * h);
        double error = Math.Abs(slope - differences) / Math.Max(1, Math.Abs(differences));
        Assert.True(
            error <= _tolerance.Differences * _row.ToleranceFactor,
            $"{_row.Id}, seed {seed}: the gradient's directional derivative is {slope:R}, central differences give {differences:R}, error {error:E2}.");
    }

    /// <summary>Each gradient against libtorch's, on random data and on the special points.</summary>
    public void AgainstTorch(int seed)
    {
        Skip.If(_row.Torch is null, _row.NoTorchBecause);
        TorchReference.SkipIfUnavailable();
        GradientModel model = GradientModel.Create(_row, DimensionStyle.Static, _rules);
        using var ort = new OrtModel(model.Model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        Compare(CaseData.Draw(_row, seed), "random data");
        if (_row.Inputs.Any(i => i.SpecialPoints.Length > 0))
            Compare(CaseData.DrawSpecial(_row, seed), "special points");

        void Compare(Tensor?[] inputs, string where)
        {
            TorchGradients reference = TorchGradients.Compute(_row, inputs);
            AssertClose([Loss(ort, model, inputs)], [reference.Loss], _tolerance.Reference, $"{where}, seed {seed}: loss against libtorch");
            double[][] gradients = Gradients(ort, model, inputs);
            foreach (int i in Differentiated)
                AssertClose(gradients[i], reference.Gradients[i], _tolerance.Reference, $"{where}, seed {seed}: gradient of input {i} against libtorch");
        }
    }

    /// <summary>ONNX Runtime's own optimizations must not change the gradients, which consist of standard operators.</summary>
    public void RawAgainstOptimized(int seed)
    {
        GradientModel model = GradientModel.Create(_row, DimensionStyle.Static, _rules);
        Assert.All(model.Model.Graph.Nodes, n => Assert.True(n.Domain.Length == 0 || n.OpType == _row.OpType, $"{_row.Id}: {n} is no standard operator."));
        using var raw = new OrtModel(model.Model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        using var optimized = new OrtModel(model.Model, GraphOptimizationLevel.ORT_ENABLE_ALL);
        Tensor?[] inputs = CaseData.DrawSpecial(_row, seed);
        double[][] expected = Gradients(raw, model, inputs);
        double[][] actual = Gradients(optimized, model, inputs);
        foreach (int i in Differentiated)
            AssertClose(actual[i], expected[i], _tolerance.SameGraph, $"seed {seed}: gradient of input {i}, optimized against raw");
    }

    /// <summary>The gradients must not depend on whether dimensions are declared as numbers or as symbols.</summary>
    public void SymbolicAgainstStatic(int seed)
    {
        Tensor?[] inputs = CaseData.DrawSpecial(_row, seed);
        double[][] expected = RunRaw(DimensionStyle.Static, only: null, inputs);
        foreach (DimensionStyle style in (DimensionStyle[])[DimensionStyle.Symbolic, DimensionStyle.Unrelated])
        {
            double[][] actual = RunRaw(style, only: null, inputs);
            foreach (int i in Differentiated)
                AssertClose(actual[i], expected[i], _tolerance.SameGraph, $"seed {seed}: gradient of input {i}, dimensions {style} against static");
        }
    }

    /// <summary>The gradient of an input must not depend on which other inputs are differentiated.</summary>
    public void OneInputAgainstAll(int seed)
    {
        Tensor?[] inputs = CaseData.DrawSpecial(_row, seed);
        double[][] expected = RunRaw(DimensionStyle.Static, only: null, inputs);
        foreach (int i in Differentiated)
            AssertClose(RunRaw(DimensionStyle.Static, i, inputs)[i], expected[i], _tolerance.SameGraph, $"seed {seed}: gradient of input {i} alone");
    }

    private double[][] RunRaw(DimensionStyle style, int? only, Tensor?[] inputs)
    {
        GradientModel model = GradientModel.Create(_row, style, _rules, only);
        using var ort = new OrtModel(model.Model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        return Gradients(ort, model, inputs);
    }

    private static double Loss(OrtModel ort, GradientModel model, Tensor?[] inputs) =>
        CaseData.ToDoubles(ort.Run(Feeds(model, inputs))[GradientModel.LossName])[0];

    // A gradient that the graph lacks is zero: the loss does not depend on that input.
    private double[][] Gradients(OrtModel ort, GradientModel model, Tensor?[] inputs)
    {
        IReadOnlyDictionary<string, Tensor> results = ort.Run(Feeds(model, inputs));
        double[][] gradients = new double[inputs.Length][];
        foreach (int i in Differentiated)
        {
            if (results.TryGetValue(GradientModel.GradientName(i), out Tensor? gradient))
                Assert.True(inputs[i]!.Dimensions.AsSpan().SequenceEqual(gradient.Dimensions.AsSpan()), $"{_row.Id}: the gradient of input {i} has shape {gradient.Type}, the input {inputs[i]!.Type}.");
            gradients[i] = gradient is null ? new double[inputs[i]!.Count] : CaseData.ToDoubles(gradient);
        }

        return gradients;
    }

    private static Dictionary<string, Tensor> Feeds(GradientModel model, Tensor?[] inputs)
    {
        var feeds = new Dictionary<string, Tensor>();
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input)
                feeds[model.InputNames[i]] = input;
        }

        return feeds;
    }

    private Tensor?[] Move(Tensor?[] inputs, Dictionary<int, double[]> directions, double t)
    {
        var moved = (Tensor?[])inputs.Clone();
        foreach ((int i, double[] direction) in directions)
        {
            double[] values = CaseData.ToDoubles(inputs[i]!);
            for (int e = 0; e < values.Length; e++)
                values[e] += t * direction[e];
            moved[i] = CaseData.FromDoubles(_row.ElementType, inputs[i]!.Dimensions.AsSpan(), values);
        }

        return moved;
    }

    private void AssertClose(double[] actual, double[] expected, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = 1;
        foreach (double e in expected)
            scale = double.IsFinite(e) ? Math.Max(scale, Math.Abs(e)) : scale;
        for (int i = 0; i < actual.Length; i++)
        {
            bool same = double.IsFinite(expected[i])
                ? Math.Abs(actual[i] - expected[i]) <= tolerance * _row.ToleranceFactor * scale
                : actual[i].Equals(expected[i]);
            Assert.True(same, $"{_row.Id}, {what}: element {i} is {actual[i]:R}, expected {expected[i]:R} (scale {scale:G3}).");
        }
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
