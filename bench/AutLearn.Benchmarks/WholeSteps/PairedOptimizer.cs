using AutLearn.Compiler.Optimizers;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.WholeSteps;

/// <summary>An optimizer with the same settings on both sides.</summary>
/// <param name="Name">Its name.</param>
/// <param name="States">How many numbers it keeps of each parameter.</param>
/// <param name="Create">AutLearn's.</param>
/// <param name="CreateTorch">libtorch's, over parameters at a learning rate.</param>
internal sealed record PairedOptimizer(string Name, int States, Func<Optimizer> Create, Func<IEnumerable<Parameter>, double, torch.optim.Optimizer> CreateTorch)
{
    public static PairedOptimizer Sgd { get; } = new("SGD", 0, () => new SgdOptimizer(), (p, lr) => torch.optim.SGD(p, lr));

    public static PairedOptimizer Adam { get; } = new("Adam", 2, () => new AdamOptimizer(), (p, lr) => torch.optim.Adam(p, lr));

    public static PairedOptimizer[] All { get; } =
    [
        Sgd,
        new("momentum", 1, () => new SgdOptimizer { Momentum = 0.9 }, (p, lr) => torch.optim.SGD(p, lr, momentum: 0.9)),
        new("Nesterov", 1, () => new SgdOptimizer { Momentum = 0.9, IsNesterov = true }, (p, lr) => torch.optim.SGD(p, lr, momentum: 0.9, nesterov: true)),
        new("Adagrad", 1, () => new AdagradOptimizer(), (p, lr) => torch.optim.Adagrad(p, lr)),
        new("RMSprop", 1, () => new RmsPropOptimizer(), (p, lr) => torch.optim.RMSProp(p, lr)),
        Adam,
        new("AdamW", 2, () => new AdamWOptimizer(), (p, lr) => torch.optim.AdamW(p, lr)),
    ];
}
