using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Updates;

/// <summary>Plain descent touches only the rows of a table that a batch read, whatever happens between the steps.</summary>
[Trait("Category", "Conformance")]
public sealed class TouchedRowsTests : IDisposable
{
    private const int Words = 300;
    private const int Width = 11;
    private const int Length = 3;
    private const int Classes = 4;
    private const double Rate = 0.5;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public void TrainStep_WithWhateverInBetween_IsTheWholeStep(int tables, bool clips)
    {
        string path = Compile(tables, clips);
        using PersonalModel rows = PersonalModel.Open(path), whole = PersonalModel.Open(path, new() { RunsWholeSteps = true });
        Assert.Equal(tables, rows.Manifest.Gradients.Count(g => g is { Parameter: "table", Rows: not null }));
        var random = new Random(5);
        for (int step = 0; step < 30; step++)
        {
            int batch = 1 + (step % 4);
            long[] words = [.. Enumerable.Range(0, batch * Length).Select(_ => (long)random.Next(-20, step % 3 == 0 ? 3 : Words))];
            long[] labels = [.. Enumerable.Range(0, batch).Select(_ => (long)random.Next(Classes))];
            float[] before = rows.GetParameter("table").Span<float>().ToArray();
            Assert.Equal(Train(whole, words, labels).Loss, Train(rows, words, labels).Loss, 1e-5);
            float[] after = rows.GetParameter("table").Span<float>().ToArray();
            HashSet<long> read = [.. words.Select(w => w < 0 ? w + Words : w)];
            for (int row = 0; row < Words; row++)
            {
                if (!read.Contains(row))
                    Assert.Equal(before.AsSpan(row * Width, Width), after.AsSpan(row * Width, Width));
            }

            Assert.NotEqual(before, after);
            Disturb(step, rows, whole);
            AssertSame(whole, rows);
        }
    }

    [Fact]
    public void TrainStep_Refused_LeavesTheNextStepRight()
    {
        string path = Compile(1, clips: false);
        using PersonalModel rows = PersonalModel.Open(path), whole = PersonalModel.Open(path, new() { RunsWholeSteps = true });
        Train(rows, [1, 2, 3], [0]);
        Train(whole, [1, 2, 3], [0]);

        // With such weights and at such a rate the rows overflow; what the refused step wrote into the other set must not come back.
        Tensor weight = rows.GetParameter("w");
        foreach (PersonalModel model in (PersonalModel[])[rows, whole])
        {
            model.SetParameters([new("w", Tensor.Of<float>(weight.Dimensions.AsSpan(), [.. weight.Span<float>().ToArray().Select(v => 100 * v)]))]);
            Assert.Throws<NonFiniteStepException>(() => Train(model, [7, 8, 9], [1], float.MaxValue));
            model.SetParameters([new("w", weight)]);
        }

        for (int step = 0; step < 4; step++)
        {
            Train(rows, [step, step + 1, 5], [2]);
            Train(whole, [step, step + 1, 5], [2]);
        }

        AssertSame(whole, rows);
    }

    private void Disturb(int step, PersonalModel rows, PersonalModel whole)
    {
        string state = _folder.File("rows.state");
        switch (step)
        {
            case 5 or 6:
                Tensor table = Tensor.Of<float>([Words, Width], [.. Enumerable.Range(0, Words * Width).Select(i => (i % 13) * 0.01f)]);
                rows.SetParameters([new("table", table)]);
                whole.SetParameters([new("table", table)]);
                break;
            case 11:
                rows.SaveState(state);
                rows.LoadState(state);
                whole.LoadState(state);
                break;
            case 17:
                rows.Reset();
                whole.Reset();
                break;
        }
    }

    private static void AssertSame(PersonalModel expected, PersonalModel actual)
    {
        foreach (string name in Perceptron.Names(expected))
            Assert.True(Perceptron.Difference(Perceptron.Values(expected, name), Perceptron.Values(actual, name)) <= 1e-5, name);
    }

    private static StepResult Train(PersonalModel model, long[] words, long[] labels, double rate = Rate)
    {
        TensorBuffer input = new(ElementType.Int64, labels.Length, Length), classes = new(ElementType.Int64, labels.Length);
        input.CopyFrom<long>(words);
        classes.CopyFrom<long>(labels);
        return model.TrainStep([input], classes, rate);
    }

    private string Compile(int tables, bool clips)
    {
        string path = _folder.File("rows.autlearn");
        ModelCompiler.Compile(Bag(tables), new() { Trainable = TrainableSelection.All, Optimizer = new SgdOptimizer(), ClipNorm = clips ? 0.3 : null }).SavePackage(path);
        return path;
    }

    // The mean of a few rows, of one look-up or two in the same table, then a linear layer.
    private static OnnxModel Bag(int lookUps)
    {
        var random = new Random(3);
        var graph = new OnnxGraph("bag");
        Value words = graph.AddInput("words", new(ElementType.Int64, new Shape("N", Length)));
        Value table = graph.AddInitializer("table", Tensor.Of<float>([Words, Width], [.. Enumerable.Range(0, Words * Width).Select(_ => (float)(random.NextDouble() - 0.5))]));
        Value weight = graph.AddInitializer("w", Tensor.Of<float>([Width, Classes], [.. Enumerable.Range(0, Width * Classes).Select(_ => (float)(random.NextDouble() - 0.5))]));
        Value bias = graph.AddInitializer("b", Tensor.Of<float>([Classes], new float[Classes]));
        Value rows = graph.AddNode("Gather", [table, words], ["rows"]).Outputs[0]!;
        if (lookUps == 2)
        {
            Value first = graph.AddNode("Gather", [words, graph.AddInitializer("zero", Tensor.Of<long>([1], [0L]))], ["first"], [KeyValuePair.Create("axis", AttributeValue.Of(1L))]).Outputs[0]!;
            rows = graph.AddNode("Add", [rows, graph.AddNode("Gather", [table, first], ["more"]).Outputs[0]!], ["both"]).Outputs[0]!;
        }

        Value mean = graph.AddNode("ReduceMean", [rows, graph.AddInitializer("axes", Tensor.Of<long>([1], [1L]))], ["mean"], [KeyValuePair.Create("keepdims", AttributeValue.Of(0L))]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [mean, weight, bias], ["logits"]).Outputs[0]!);
        return new(graph, 18);
    }
}
