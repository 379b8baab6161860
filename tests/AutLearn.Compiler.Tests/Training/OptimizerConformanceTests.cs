using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing.Torch;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Compiler.Tests.Training;

[Trait("Category", "Conformance")]
public sealed class OptimizerConformanceTests
{
    private const double Rate = 0.05;

    private static readonly Dictionary<string, (Optimizer Ours, Func<IEnumerable<TorchSharp.Modules.Parameter>, torch.optim.Optimizer> Theirs)> Pairs = new()
    {
        ["sgd"] = (new SgdOptimizer(), p => torch.optim.SGD(p, Rate)),
        ["sgd-decay"] = (new SgdOptimizer { WeightDecay = 0.1 }, p => torch.optim.SGD(p, Rate, weight_decay: 0.1)),
        ["momentum"] = (new SgdOptimizer { Momentum = 0.9 }, p => torch.optim.SGD(p, Rate, momentum: 0.9)),
        ["momentum-decay"] = (new SgdOptimizer { Momentum = 0.9, WeightDecay = 0.1 }, p => torch.optim.SGD(p, Rate, momentum: 0.9, weight_decay: 0.1)),
        ["nesterov"] = (new SgdOptimizer { Momentum = 0.8, IsNesterov = true }, p => torch.optim.SGD(p, Rate, momentum: 0.8, nesterov: true)),
        ["nesterov-decay"] = (new SgdOptimizer { Momentum = 0.8, IsNesterov = true, WeightDecay = 0.05 }, p => torch.optim.SGD(p, Rate, momentum: 0.8, nesterov: true, weight_decay: 0.05)),
        ["adam"] = (new AdamOptimizer(), p => torch.optim.Adam(p, Rate)),
        ["adam-decay"] = (new AdamOptimizer { Beta1 = 0.8, Beta2 = 0.99, Epsilon = 1e-6, WeightDecay = 0.1 }, p => torch.optim.Adam(p, Rate, 0.8, 0.99, 1e-6, 0.1)),
        ["adamw"] = (new AdamWOptimizer(), p => torch.optim.AdamW(p, Rate, weight_decay: 0.01)),
        ["adamw-decay"] = (new AdamWOptimizer { WeightDecay = 0.3 }, p => torch.optim.AdamW(p, Rate, weight_decay: 0.3)),
        ["adagrad"] = (new AdagradOptimizer(), p => torch.optim.Adagrad(p, Rate)),
        ["adagrad-decay"] = (new AdagradOptimizer { InitialAccumulator = 0.1, WeightDecay = 0.1 }, p => torch.optim.Adagrad(p, Rate, weight_decay: 0.1, initial_accumulator_value: 0.1)),
        ["rmsprop"] = (new RmsPropOptimizer(), p => torch.optim.RMSProp(p, Rate)),
        ["rmsprop-momentum-decay"] = (new RmsPropOptimizer { Alpha = 0.9, Momentum = 0.7, WeightDecay = 0.1 }, p => torch.optim.RMSProp(p, Rate, 0.9, weight_decay: 0.1, momentum: 0.7)),
    };

    public static TheoryData<string, double> Rows()
    {
        var rows = new TheoryData<string, double>();
        foreach (string name in Pairs.Keys)
        {
            rows.Add(name, 0);
            rows.Add(name, 0.05);
        }

        return rows;
    }

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Step_TwentyTimes_AgreesWithLibtorch(string name, double clip)
    {
        TorchReference.SkipIfUnavailable();
        double? limit = clip > 0 ? clip : null;
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            Networks.Mlp(7, 9, 5), new CompileOptions { Trainable = TrainableSelection.All, Optimizer = Pairs[name].Ours, ClipNorm = limit });
        var random = new Random(11);
        Agreement.Check(
            artifacts,
            _ => (new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 12, 7) }, Networks.Labels(random, 5, 12)),
            (twin, boundary, labels) =>
            {
                torch.Tensor h = functional.relu(functional.linear(TorchTwin.ToTorch(boundary["x"]), twin["fc1.weight"], twin["fc1.bias"]));
                return functional.cross_entropy(functional.linear(h, twin["fc2.weight"], twin["fc2.bias"]), TorchTwin.ToTorch(labels));
            },
            Pairs[name].Theirs,
            Rate,
            clip: limit);
    }
}
