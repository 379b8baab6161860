using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Compiler.Tests.Training;

[Trait("Category", "Conformance")]
public sealed class AccumulationTests
{
    private const int Rows = 6;

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
        string[] own = [.. accumulating.Manifest.OptimizerState.Where(s => s.Slot != "accumulated_gradient" && !s.Tensor.Name.StartsWith("accumulation", StringComparison.Ordinal)).Select(s => s.Tensor.Name)];
        for (int update = 0; update < 10; update++)
        {
            Tensor x = Networks.Random(random, 1, steps * Rows, 7);
            Tensor labels = Networks.Labels(random, 5, steps * Rows);
            whole.Step(Boundary(x), labels, 0.02f);
            for (int i = 0; i < steps; i++)
            {
                Dictionary<string, Tensor> before = new(micro.Values);
                micro.Step(Boundary(Part<float>(x, i, 7)), Part<long>(labels, i), 0.02f);
                bool isUnchanged = parameters.Concat(own).All(n => before[n].Bytes.Span.SequenceEqual(micro.Values[n].Bytes.Span));
                Assert.Equal(i < steps - 1, isUnchanged);
            }

            foreach (string name in parameters.Concat(own.Where(n => micro.Values[n].ElementType == ElementType.Float32)))
                AssertClose(whole.Floats(name), micro.Floats(name), $"{name} after update {update + 1}");
        }
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
            Dictionary<string, Tensor> boundary = new() { ["features"] = Networks.Random(random, 1, Rows, 6) };
            Tensor labels = Networks.Labels(random, 4, Rows);
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

    private static Dictionary<string, Tensor> Boundary(Tensor x) => new() { ["x"] = x };

    private static Tensor Part<T>(Tensor whole, int index, params long[] rest)
        where T : unmanaged
    {
        int row = (int)(whole.Count / whole.Dimensions[0]);
        return Tensor.Of<T>([Rows, .. rest], whole.Span<T>().Slice(index * Rows * row, Rows * row));
    }

    // Relative to the largest value of the tensor, in which both sums round.
    private static void AssertClose(float[] expected, float[] actual, string name)
    {
        double scale = expected.Max(v => Math.Abs((double)v)), error = expected.Zip(actual).Max(p => Math.Abs((double)p.First - p.Second));
        Assert.True(error <= 1e-6 * scale, $"{name} differs by {error / scale:E2} of its largest value");
    }
}
