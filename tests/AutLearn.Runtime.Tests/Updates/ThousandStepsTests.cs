using System.Runtime.InteropServices;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Testing;
using AutLearn.Testing.Torch;
using TorchSharp;
using TorchSharp.Modules;
using Adagrad = TorchSharp.Modules.Adagrad;
using Adam = TorchSharp.Modules.Adam;
using AdamW = TorchSharp.Modules.AdamW;
using Parameter = TorchSharp.Modules.Parameter;
using RmsProp = TorchSharp.Modules.RMSProp;
using Sgd = TorchSharp.Modules.SGD;

namespace AutLearn.Runtime.Tests.Updates;

/// <summary>Every optimizer against libtorch's over a thousand steps, parameters and states, in both ways of updating.</summary>
[Trait("Category", "Conformance")]
public sealed class ThousandStepsTests : IDisposable
{
    private const int Steps = 1000;
    private const double Rate = 0.003;

    // A thousand roundings of numbers that are not the same ones: of the largest number of each tensor.
    private const double Tolerance = 2e-4;

    private static readonly Dictionary<string, (Func<Optimizer> Ours, Func<IEnumerable<Parameter>, torch.optim.Optimizer> Theirs)> Pairs = new()
    {
        ["sgd"] = (() => new SgdOptimizer(), p => torch.optim.SGD(p, Rate)),
        ["momentum"] = (() => new SgdOptimizer { Momentum = 0.9 }, p => torch.optim.SGD(p, Rate, momentum: 0.9)),
        ["nesterov-decay"] = (() => new SgdOptimizer { Momentum = 0.8, IsNesterov = true, WeightDecay = 0.05 }, p => torch.optim.SGD(p, Rate, momentum: 0.8, nesterov: true, weight_decay: 0.05)),
        ["adam"] = (() => new AdamOptimizer(), p => torch.optim.Adam(p, Rate)),
        ["adam-decay"] = (() => new AdamOptimizer { Beta1 = 0.8, Beta2 = 0.99, Epsilon = 1e-6, WeightDecay = 0.001 }, p => torch.optim.Adam(p, Rate, 0.8, 0.99, 1e-6, 0.001)),
        ["adamw"] = (() => new AdamWOptimizer { WeightDecay = 0.1 }, p => torch.optim.AdamW(p, Rate, weight_decay: 0.1)),
        ["adagrad"] = (() => new AdagradOptimizer { WeightDecay = 0.01 }, p => torch.optim.Adagrad(p, Rate, weight_decay: 0.01)),
        ["rmsprop"] = (() => new RmsPropOptimizer { WeightDecay = 0.001 }, p => torch.optim.RMSProp(p, Rate, weight_decay: 0.001)),
        ["rmsprop-momentum"] = (() => new RmsPropOptimizer { Alpha = 0.9, Momentum = 0.7, WeightDecay = 0.001 }, p => torch.optim.RMSProp(p, Rate, 0.9, weight_decay: 0.001, momentum: 0.7)),
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, bool> Rows()
    {
        var rows = new TheoryData<string, bool>();
        foreach (string name in Pairs.Keys)
        {
            rows.Add(name, false);
            rows.Add(name, true);
        }

        return rows;
    }

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void TrainStep_AThousandTimes_AgreesWithLibtorch(string name, bool runsWholeSteps)
    {
        TorchReference.SkipIfUnavailable();
        string path = _folder.File("model.autlearn");
        CompiledArtifacts artifacts = ModelCompiler.Compile(Perceptron.Create(), new() { Trainable = TrainableSelection.All, Optimizer = Pairs[name].Ours() });
        artifacts.SavePackage(path);
        using var model = PersonalModel.Open(path, new() { RunsWholeSteps = runsWholeSteps });
        Reference expected = Repeated(name, artifacts);
        for (int step = 0; step < Steps; step++)
        {
            (float[] input, long[] labels) = Perceptron.Batch(step % 6);
            float loss = model.TrainStep(input, labels, Rate).Loss;
            Assert.True(Math.Abs(loss - expected.Losses[step]) <= 1e-3 * Math.Max(0.1, expected.Losses[step]), $"Step {step}: loss {loss} instead of {expected.Losses[step]}.");
        }

        Assert.Equal(model.Parameters.Count + model.Manifest.OptimizerState.Count(s => s.Parameter is not null), expected.Tensors.Count);
        foreach (((string parameter, string slot), float[] values) in expected.Tensors)
        {
            string tensor = slot.Length == 0 ? parameter : model.Manifest.OptimizerState.Single(s => s.Parameter == parameter && s.Slot == slot).Tensor.Name;
            double difference = Perceptron.Difference([.. values.Select(v => (double)v)], Perceptron.Values(model, tensor));
            Assert.True(difference <= Tolerance, $"{tensor} differs by {difference}.");
        }
    }

    // TorchSharp frees the numbers that its optimizers pass to libtorch when they are collected, at times before libtorch has read them.
    // So a run of the reference counts when a second one gives the same bits.
    private static Reference Repeated(string name, CompiledArtifacts artifacts)
    {
        Reference? before = null;
        for (int run = 0; run < 8; run++)
        {
            try
            {
                Reference now = Train(name, artifacts);
                if (before is not null && now.Losses.SequenceEqual(before.Losses) && now.Tensors.All(t => t.Value.SequenceEqual(before.Tensors[t.Key])))
                    return now;
                before = now;
            }
            catch (ExternalException)
            {
                before = null;
            }
        }

        throw new InvalidOperationException("libtorch's results do not repeat.");
    }

    private static Reference Train(string name, CompiledArtifacts artifacts)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        string[] names = [.. artifacts.Manifest.Parameters.Select(p => p.Tensor.Name)];
        Dictionary<string, Parameter> twin = names.ToDictionary(n => n, n => new Parameter(torch.tensor(artifacts.InitialParameters[n].Span<float>().ToArray(), [.. artifacts.InitialParameters[n].Dimensions])));
        using OptimizerHelper optimizer = (OptimizerHelper)Pairs[name].Theirs(names.Select(n => twin[n]));
        float[] losses = new float[Steps];
        for (int step = 0; step < Steps; step++)
        {
            (float[] input, long[] labels) = Perceptron.Batch(step % 6);
            losses[step] = Step(optimizer, twin, input, labels);
        }

        var tensors = new Dictionary<(string, string), float[]>();
        for (int i = 0; i < names.Length; i++)
        {
            tensors.Add((names[i], ""), Values(twin[names[i]]));
            foreach ((string slot, torch.Tensor state) in States(optimizer.state_dict().State[i]))
                tensors.Add((names[i], slot), Values(state));
        }

        return new(losses, tensors);
    }

    private static float Step(torch.optim.Optimizer optimizer, Dictionary<string, Parameter> twin, float[] input, long[] labels)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        optimizer.zero_grad();
        torch.Tensor h = (torch.tensor(input, [labels.Length, Perceptron.Inputs]).matmul(twin["w1"]) + twin["b1"]).tanh();
        torch.Tensor loss = torch.nn.functional.cross_entropy(h.matmul(twin["w2"]) + twin["b2"], torch.tensor(labels));
        loss.backward();
        optimizer.step();
        return loss.item<float>();
    }

    private static IEnumerable<(string Slot, torch.Tensor State)> States(TorchSharp.Modules.OptimizerState state) => state switch
    {
        Sgd.State { momentum_buffer: { } buffer } => [("momentum", buffer)],
        Adam.State adam => [("exp_avg", adam.exp_avg), ("exp_avg_sq", adam.exp_avg_sq)],
        AdamW.State adam => [("exp_avg", adam.exp_avg), ("exp_avg_sq", adam.exp_avg_sq)],
        Adagrad.State adagrad => [("sum", adagrad.sum)],
        RmsProp.State rms when rms.momentum_buffer is { } buffer && buffer.count_nonzero().item<long>() > 0 => [("square_avg", rms.square_avg), ("momentum", buffer)],
        RmsProp.State rms => [("square_avg", rms.square_avg)],
        _ => [],
    };

    private static float[] Values(torch.Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    private sealed record Reference(float[] Losses, Dictionary<(string Parameter, string Slot), float[]> Tensors);
}
