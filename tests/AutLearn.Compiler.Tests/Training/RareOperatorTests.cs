using AutLearn.Graph;
using AutLearn.Testing.Hostile;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Whole steps through sampling, scattering, quantised layers, loops and attention: what compiles runs, raw and optimized, and learns.</summary>
[Trait("Category", "Conformance")]
public sealed class RareOperatorTests
{
    public static TheoryData<int, bool> Models
    {
        get
        {
            var rows = new TheoryData<int, bool>();
            for (int i = 0; i < FuzzSeeds.Rare.Count; i++)
            {
                rows.Add(i, true);
                rows.Add(i, false);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Step_EverythingTrainable_Learns(int index, bool isOptimized)
    {
        OnnxModel model = FuzzSeeds.Rare[index];
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All });
        using var runner = new StepRunner(artifacts, isOptimized ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL);
        var random = new Random(3);
        long[] sizes = [6, .. model.Graph.Inputs[0].Shape!.Skip(1).Select(d => d.Size)];
        var x = new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, sizes) };
        Tensor labels = Networks.Labels(random, 3, 6);
        var before = artifacts.Manifest.Parameters.ToDictionary(p => p.Tensor.Name, p => runner.Floats(p.Tensor.Name));
        float[] losses = [.. Enumerable.Range(0, 40).Select(_ => runner.Step(x, labels, 0.02f)["loss"].Span<float>()[0])];

        Assert.All(losses, l => Assert.True(float.IsFinite(l)));
        Assert.True(losses[^1] < losses[0], $"The loss went from {losses[0]} to {losses[^1]}.");
        Assert.All(before, p => Assert.NotEqual(p.Value, runner.Floats(p.Key)));
    }
}
