using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing;
using AutLearn.Testing.Torch;
using TorchSharp;

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

    public static TheoryData<string, double> LazyOptimizers()
    {
        var data = new TheoryData<string, double>();
        foreach (string optimizer in (string[])["sgd", "sgd-decay", "momentum", "nesterov", "adam", "adamw", "adagrad", "rmsprop"])
        {
            data.Add(optimizer, 0);
            data.Add(optimizer, 0.3);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(LazyOptimizers))]
    public void TrainStep_LazyRows_AreUpdatedAloneAndAsInTheWholeStep(string optimizer, double clip)
    {
        string path = Compile(2, clip > 0, OptimizerOf(optimizer), lazyRows: true);
        using PersonalModel rows = PersonalModel.Open(path), whole = PersonalModel.Open(path, new() { RunsWholeSteps = true });
        Assert.Equal(2, rows.Manifest.Gradients.Count(g => g is { Parameter: "table", Rows: not null }));
        string[] tables = ["table", .. rows.Manifest.OptimizerState.Where(s => s.Parameter == "table").Select(s => s.Tensor.Name)];
        var random = new Random(6);
        for (int step = 0; step < 30; step++)
        {
            int batch = 1 + (step % 4);
            long[] words = [.. Enumerable.Range(0, batch * Length).Select(_ => (long)random.Next(-20, step % 3 == 0 ? 3 : Words))];
            double[][] before = [.. tables.Select(t => Perceptron.Values(rows, t))];
            long[] labels = [.. Enumerable.Range(0, batch).Select(_ => (long)random.Next(Classes))];
            Assert.Equal(Train(whole, words, labels, 0.02).Loss, Train(rows, words, labels, 0.02).Loss, 1e-4);
            HashSet<long> read = [.. words.Select(w => w < 0 ? w + Words : w)];
            for (int t = 0; t < tables.Length; t++)
            {
                double[] after = Perceptron.Values(rows, tables[t]);
                Assert.All(Enumerable.Range(0, Words).Where(r => !read.Contains(r)), r => Assert.Equal(before[t].AsSpan(r * Width, Width), after.AsSpan(r * Width, Width)));
            }

            if (step is 8 or 20)
                Disturb(step == 8 ? 5 : 11, rows, whole);
            AssertSame(whole, rows);
        }
    }

    [SkippableFact]
    public void TrainStep_LazyAdam_IsSparseAdam()
    {
        TorchReference.SkipIfUnavailable();
        string path = Compile(1, clips: false, new AdamOptimizer(), lazyRows: true);
        using var model = PersonalModel.Open(path);
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor[] w = [.. ((string[])["table", "w", "b"]).Select(n => torch.tensor(model.GetParameter(n).Span<float>().ToArray(), [.. model.GetParameter(n).Dimensions]))];
        torch.Tensor[] m = [.. w.Select(t => torch.zeros(t.shape))], v = [.. w.Select(t => torch.zeros(t.shape))];
        var random = new Random(9);
        for (int step = 1; step <= 200; step++)
        {
            long[] words = [.. Enumerable.Range(0, 4 * Length).Select(_ => (long)random.Next(Words / 4))];
            long[] labels = [.. Enumerable.Range(0, 4).Select(_ => (long)random.Next(Classes))];
            float loss = Train(model, words, labels, 0.01).Loss;
            using DisposeScope inner = torch.NewDisposeScope();
            torch.Tensor index = torch.tensor(words, [4, Length]);
            torch.Tensor[] leaves = [.. w.Select(t => t.detach().requires_grad_())];
            torch.Tensor expected = torch.nn.functional.cross_entropy(leaves[0][index].mean([1]).matmul(leaves[1]) + leaves[2], torch.tensor(labels));
            expected.backward();
            Assert.Equal(expected.item<float>(), loss, 1e-4);
            for (int i = 0; i < w.Length; i++)
                SparseAdam(w[i], m[i], v[i], leaves[i].grad!, i == 0 ? torch.tensor(words.Distinct().ToArray()) : torch.arange(w[i].shape[0]), step);
        }

        foreach ((string name, torch.Tensor expected) in new[] { ("table", w[0]), ("w", w[1]), ("b", w[2]), ("table.exp_avg", m[0]), ("table.exp_avg_sq", v[0]) })
            Assert.True(Perceptron.Difference([.. expected.data<float>().ToArray().Select(x => (double)x)], Perceptron.Values(model, name)) <= 1e-4, name);
    }

    // torch/optim/sparse_adam.py: moments and parameters of the rows that have a gradient, corrections by the number of all steps.
    private static void SparseAdam(torch.Tensor w, torch.Tensor m, torch.Tensor v, torch.Tensor gradient, torch.Tensor rows, int step)
    {
        torch.Tensor g = gradient[rows];
        torch.Tensor nextM = m[rows] + ((g - m[rows]) * (1 - 0.9)), nextV = v[rows] + (((g * g) - v[rows]) * (1 - 0.999));
        double rate = 0.01 * Math.Sqrt(1 - Math.Pow(0.999, step)) / (1 - Math.Pow(0.9, step));
        torch.Tensor next = w[rows] - (nextM * rate / (nextV.sqrt() + 1e-8));
        m.index_copy_(0, rows, nextM);
        v.index_copy_(0, rows, nextV);
        w.index_copy_(0, rows, next);
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

    private static Optimizer OptimizerOf(string name) => name switch
    {
        "sgd" => new SgdOptimizer(),
        "sgd-decay" => new SgdOptimizer { WeightDecay = 0.1 },
        "momentum" => new SgdOptimizer { Momentum = 0.9 },
        "nesterov" => new SgdOptimizer { Momentum = 0.8, IsNesterov = true, WeightDecay = 0.05 },
        "adam" => new AdamOptimizer(),
        "adamw" => new AdamWOptimizer { WeightDecay = 0.3 },
        "adagrad" => new AdagradOptimizer(),
        _ => new RmsPropOptimizer(),
    };

    private string Compile(int tables, bool clips, Optimizer? optimizer = null, bool lazyRows = false)
    {
        string path = _folder.File("rows.autlearn");
        ModelCompiler.Compile(Bag(tables), new()
        {
            Trainable = TrainableSelection.All,
            Optimizer = optimizer ?? new SgdOptimizer(),
            ClipNorm = clips ? 0.3 : null,
            LazyRows = lazyRows,
        }).SavePackage(path);
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
