using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Compiler.Tests.Training;

[Trait("Category", "Conformance")]
public sealed class AccumulationTests
{
    private const int BatchRows = 6;

    [Theory]
    [InlineData("momentum", 2, null)]
    [InlineData("momentum", 4, 0.2)]
    [InlineData("adamw", 3, null)]
    [InlineData("adamw", 4, 0.2)]
    public void Step_MicroBatches_EqualsOneStepOnTheLargerBatch(string optimizer, int steps, double? clip)
    {
        CompileOptions Options(int k) => new()
        {
            Trainable = TrainableSelection.All,
            Optimizer = optimizer == "adamw" ? new AdamWOptimizer() : new SgdOptimizer { Momentum = 0.9 },
            ClipNorm = clip,
            AccumulationSteps = k,
        };
        CompiledArtifacts accumulating = ModelCompiler.Compile(Networks.Mlp(7, 9, 5), Options(steps));
        Assert.Equal(steps, accumulating.Manifest.Optimizer.AccumulationSteps);
        using var micro = new StepRunner(accumulating);
        using var whole = new StepRunner(ModelCompiler.Compile(Networks.Mlp(7, 9, 5), Options(1)));
        var random = new Random(21);
        string[] parameters = [.. accumulating.Manifest.Parameters.Select(p => p.Tensor.Name)];
        string[] own = [.. accumulating.Manifest.OptimizerState.Where(s => !s.Slot.StartsWith("accumulated", StringComparison.Ordinal) && s.Slot != "micro_step").Select(s => s.Tensor.Name)];
        for (int update = 0; update < 10; update++)
        {
            Tensor x = Networks.Random(random, 1, steps * BatchRows, 7);
            Tensor labels = Networks.Labels(random, 5, steps * BatchRows);
            whole.Step(Boundary(x), labels, 0.02f);
            for (int i = 0; i < steps; i++)
            {
                Dictionary<string, Tensor> before = new(micro.Values);
                micro.Step(Boundary(Rows<float>(x, i * BatchRows, BatchRows)), Rows<long>(labels, i * BatchRows, BatchRows), 0.02f);
                bool isUnchanged = parameters.Concat(own).All(n => before[n].Bytes.Span.SequenceEqual(micro.Values[n].Bytes.Span));
                Assert.Equal(i < steps - 1, isUnchanged);
            }

            foreach (string name in parameters.Concat(own.Where(n => micro.Values[n].ElementType == ElementType.Float32)))
                AssertClose(whole.Floats(name), micro.Floats(name), $"{name} after update {update + 1}");
        }
    }

    // Twelve rows with class weights and ignored labels, split in every uneven way that a window of three can take, the last cut short.
    [Theory]
    [InlineData("weights", 4, 4, 4)]
    [InlineData("weights", 1, 7, 4)]
    [InlineData("weights", 2, 10, 0)]
    [InlineData("weights", 12, 0, 0)]
    [InlineData("smoothed", 5, 1, 6)]
    [InlineData("smoothed", 3, 9, 0)]
    [InlineData("ignored", 3, 3, 6)]
    [InlineData("ignored", 1, 1, 10)]
    [InlineData("mse", 1, 2, 9)]
    [InlineData("mse", 11, 1, 0)]
    [InlineData("bce", 2, 3, 7)]
    [InlineData("huber", 6, 6, 0)]
    [InlineData("l1", 5, 5, 2)]
    public void Step_AnySplitOfABatch_EqualsTheStepOnTheWhole(string name, params int[] sizes)
    {
        const int rows = 12, classes = 5;
        Loss loss = name switch
        {
            "weights" => new SoftmaxCrossEntropyLoss { ClassWeights = [1, 16, 0.5f, 0, 3], IgnoreIndex = -1 },
            "smoothed" => new SoftmaxCrossEntropyLoss { ClassWeights = [1, 16, 0.5f, 2, 3], IgnoreIndex = -1, LabelSmoothing = 0.2 },
            "ignored" => new SoftmaxCrossEntropyLoss { IgnoreIndex = -1 },
            "mse" => new MeanSquaredLoss(),
            "bce" => new BinaryCrossEntropyWithLogitsLoss(),
            "huber" => new HuberLoss { Delta = 0.3 },
            _ => new L1Loss(),
        };
        CompileOptions Options(int k) => new() { Trainable = TrainableSelection.All, Loss = loss, Optimizer = new AdamWOptimizer(), ClipNorm = 0.3, AccumulationSteps = k };
        CompiledArtifacts accumulating = ModelCompiler.Compile(Networks.Mlp(7, 9, classes), Options(3));
        using var micro = new StepRunner(accumulating);
        using var whole = new StepRunner(ModelCompiler.Compile(Networks.Mlp(7, 9, classes), Options(1)));
        var random = new Random(31);
        for (int update = 0; update < 6; update++)
        {
            Tensor x = Networks.Random(random, 1, rows, 7);
            Tensor labels = loss is SoftmaxCrossEntropyLoss ? Networks.Labels(random, classes, rows) : Networks.Shifted(Networks.Random(random, 0.5, rows, classes), 0.5f);
            if (loss is SoftmaxCrossEntropyLoss)
                labels = Tensor.Vector<long>([.. labels.Span<long>().ToArray().Select((y, i) => i is 0 or 2 or 5 or 6 ? -1 : y)]);
            whole.Step(Boundary(x), labels, 0.02f);
            int[] parts = [.. sizes.Where(s => s > 0)];
            int first = 0;
            for (int i = 0; i < parts.Length; first += parts[i++])
                micro.Step(Boundary(Rows<float>(x, first, parts[i])), loss is SoftmaxCrossEntropyLoss ? Rows<long>(labels, first, parts[i]) : Rows<float>(labels, first, parts[i]), 0.02f);
            if (parts.Length < 3)
                End(micro, accumulating.Manifest.Labels);

            foreach (ParameterSpec parameter in accumulating.Manifest.Parameters)
                AssertClose(whole.Floats(parameter.Tensor.Name), micro.Floats(parameter.Tensor.Name), $"{parameter.Tensor.Name} after update {update + 1}", 5e-6);
            Assert.All(accumulating.Manifest.OptimizerState.Where(s => s.Slot is "accumulated_gradient" or "accumulated_weight"), s => Assert.All(micro.Floats(s.Tensor.Name), v => Assert.Equal(0, v)));
        }
    }

    [Fact]
    public void Step_WindowWithoutWeight_ChangesNothing()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            Networks.Head(6, 4), new() { Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -100 }, Optimizer = new AdamWOptimizer { WeightDecay = 0.5 }, AccumulationSteps = 2 });
        using var runner = new StepRunner(artifacts);
        var random = new Random(4);
        Dictionary<string, Tensor> boundary = new() { ["features"] = Networks.Random(random, 1, 3, 6) };
        Dictionary<string, Tensor> before = new(runner.Values);
        for (int step = 0; step < 4; step++)
        {
            IReadOnlyDictionary<string, Tensor> result = runner.Step(boundary, Tensor.Vector(-100L, -100, -100), 0.1f);
            Assert.Equal(0, result[artifacts.Manifest.LossOutput].Span<float>()[0]);
        }

        Assert.All(before, p => Assert.Equal(p.Value.Bytes.ToArray(), runner.Values[p.Key].Bytes.ToArray()));

        // A batch with nothing to learn from weighs nothing in a window that has more.
        runner.Step(boundary, Tensor.Vector(-100L, -100, -100), 0.1f);
        runner.Step(boundary, Tensor.Vector(0L, 1, -100), 0.1f);
        using var alone = new StepRunner(ModelCompiler.Compile(
            Networks.Head(6, 4), new() { Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -100 }, Optimizer = new AdamWOptimizer { WeightDecay = 0.5 } }));
        alone.Step(boundary, Tensor.Vector(0L, 1, -100), 0.1f);
        foreach (ParameterSpec parameter in artifacts.Manifest.Parameters)
            AssertClose(alone.Floats(parameter.Tensor.Name), runner.Floats(parameter.Tensor.Name), parameter.Tensor.Name);
    }

    [Fact]
    public void Compile_OneAccumulationStep_EmitsTheSameBytesAsWithout()
    {
        CompileOptions options = new() { Trainable = TrainableSelection.All, Optimizer = new AdamWOptimizer(), AccumulationSteps = 1 };
        CompiledArtifacts with = ModelCompiler.Compile(Networks.Mlp(7, 9, 5), options);
        Assert.DoesNotContain(with.Manifest.OptimizerState, s => s.Slot == "accumulated_gradient");
        Assert.DoesNotContain(with.TrainStep.Graph.Nodes, n => n.Is("Where"));
        Assert.Null(with.Manifest.Optimizer.AccumulationSteps);
        Assert.Equal(
            OnnxFile.ToBytes(ModelCompiler.Compile(Networks.Mlp(7, 9, 5), new() { Trainable = TrainableSelection.All, Optimizer = new AdamWOptimizer() }).TrainStep),
            OnnxFile.ToBytes(with.TrainStep));
    }

    [Fact]
    public void Compile_CachedStep_AccumulatesTheSame()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Head(6, 4), new() { AccumulationSteps = 2 });
        using var plain = new StepRunner(artifacts);
        using var cached = new StepRunner(artifacts);
        var random = new Random(4);
        for (int step = 0; step < 6; step++)
        {
            Dictionary<string, Tensor> boundary = new() { ["features"] = Networks.Random(random, 1, BatchRows, 6) };
            Tensor labels = Networks.Labels(random, 4, BatchRows);
            plain.Step(boundary, labels, 0.1f);
            Dictionary<string, Tensor> withLogits = new(boundary) { ["logits"] = cached.Infer(boundary)["logits"] };
            cached.CachedStep(withLogits, labels, 0.1f);
        }

        foreach (ParameterSpec parameter in artifacts.Manifest.Parameters)
            AssertClose(plain.Floats(parameter.Tensor.Name), cached.Floats(parameter.Tensor.Name), parameter.Tensor.Name);
    }

    [Fact]
    public void Compile_AccumulationStepsOutOfRange_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelCompiler.Compile(Networks.Head(6, 4), new() { AccumulationSteps = 0 }));

    // Whatever the batch of such a step holds does not count.
    private static void End(StepRunner runner, TensorSpec labels)
    {
        runner.UpdatesNow = true;
        Tensor any = labels.ElementType == ElementType.Int64 ? Tensor.Vector(0L, 3) : Networks.Random(new Random(1), 1, 2, 5);
        runner.Step(Boundary(Networks.Random(new Random(2), 5, 2, 7)), any, 0.02f);
        runner.UpdatesNow = false;
    }

    private static Dictionary<string, Tensor> Boundary(Tensor x) => new() { ["x"] = x };

    private static Tensor Rows<T>(Tensor whole, int first, int count)
        where T : unmanaged
    {
        int row = (int)(whole.Count / whole.Dimensions[0]);
        return Tensor.Of<T>([count, .. whole.Dimensions[1..]], whole.Span<T>().Slice(first * row, count * row));
    }

    // Relative to the largest value of the tensor, in which both sums round.
    private static void AssertClose(float[] expected, float[] actual, string name, double tolerance = 1e-6)
    {
        double scale = expected.Max(v => Math.Abs((double)v)), error = expected.Zip(actual).Max(p => Math.Abs((double)p.First - p.Second));
        Assert.True(error <= tolerance * scale, $"{name} differs by {error / scale:E2} of its largest value");
    }
}
