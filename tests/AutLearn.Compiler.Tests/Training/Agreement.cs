using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Trains the compiled model and its twin in libtorch side by side.</summary>
internal static class Agreement
{
    public const double LossTolerance = 1e-5;

    public const double ParameterTolerance = 1e-4;

    /// <summary>Checks losses and parameters after each step.</summary>
    /// <returns>The losses.</returns>
    public static float[] Check(
        CompiledArtifacts artifacts,
        Func<int, (IReadOnlyDictionary<string, Tensor> Boundary, Tensor Labels)> batch,
        Func<TorchTwin, IReadOnlyDictionary<string, Tensor>, Tensor, TorchTensor> loss,
        Func<IEnumerable<TorchSharp.Modules.Parameter>, torch.optim.Optimizer> optimizer,
        double rate,
        int steps = 20,
        double? clip = null,
        double lossTolerance = LossTolerance,
        double parameterTolerance = ParameterTolerance)
    {
        using var runner = new StepRunner(artifacts);
        using var twin = new TorchTwin(artifacts);
        using torch.optim.Optimizer descent = optimizer(twin.Trainable);
        float[] losses = new float[steps];
        for (int step = 0; step < steps; step++)
        {
            (IReadOnlyDictionary<string, Tensor> boundary, Tensor labels) = batch(step);
            float expected = twin.Step(descent, t => loss(t, boundary, labels), clip);
            float actual = runner.Step(boundary, labels, (float)rate)[artifacts.Manifest.LossOutput].Span<float>()[0];
            Assert.True(Math.Abs(actual - expected) <= lossTolerance * Math.Max(Math.Abs(expected), 1e-2), $"Step {step}: loss {actual} instead of {expected}.");
            losses[step] = actual;
            foreach (ParameterSpec parameter in artifacts.Manifest.Parameters)
            {
                string name = parameter.Tensor.Name;
                float[] a = runner.Floats(name), b = twin.Floats(name);
                Assert.Equal(b.Length, a.Length);
                for (int i = 0; i < a.Length; i++)
                    Assert.True(Math.Abs(a[i] - b[i]) <= parameterTolerance, $"Step {step}: {name}[{i}] is {a[i]} instead of {b[i]}.");
            }
        }

        return losses;
    }
}
