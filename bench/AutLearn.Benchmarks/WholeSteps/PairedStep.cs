using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Runtime;
using AutLearn.Testing.Torch;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.WholeSteps;

/// <summary>One whole training step (forward, loss, gradients, update of all parameters) of a network, in AutLearn and in libtorch.</summary>
/// <remarks>Both sides start from the same parameters and see the same batch at every step. Not safe for use by several threads.</remarks>
internal abstract class PairedStep : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private CompiledArtifacts? _artifacts;
    private PersonalModel? _model;
    private torch.optim.Optimizer? _optimizer;

    protected PairedStep(double rate) => Rate = rate;

    protected double Rate { get; }

    /// <summary>Gets the networks, with what is trained.</summary>
    public static IReadOnlyDictionary<string, Func<PairedStep>> Networks { get; } = new Dictionary<string, Func<PairedStep>>
    {
        ["mobilenet"] = ClassifierStep.MobileNet,
        ["lstm"] = () => new LstmModelStep(),
        ["transformer"] = ClassifierStep.Transformer,
    };

    /// <summary>Gets linear heads of three sizes.</summary>
    public static IReadOnlyDictionary<string, Func<PairedStep>> Heads { get; } = new Dictionary<string, Func<PairedStep>>
    {
        ["head 1024x62"] = () => new HeadStep(1024, 62),
        ["head 768x1000"] = () => new HeadStep(768, 1000),
        ["head 256x10000"] = () => new HeadStep(256, 10_000),
    };

    /// <summary>Gets the network, its size and its batch in words.</summary>
    public abstract string Description { get; }

    protected abstract TensorBuffer Input { get; }

    /// <summary>Gets what a step takes: the input, where all that follows it is trained.</summary>
    protected virtual TensorBuffer[] Boundary => [Input];

    protected abstract TensorBuffer Labels { get; }

    /// <summary>Compiles the network; the first call.</summary>
    /// <param name="optimizer">Null for plain SGD, which is what libtorch's side runs.</param>
    public void Compile(Optimizer? optimizer = null)
    {
        _artifacts = ModelCompiler.Compile(CreateModel(), Options(optimizer ?? new SgdOptimizer()));
        _artifacts.Save(_folder);
    }

    public void OpenAutLearn(int threads, Action<string, RunStage>? hook = null, bool runsWholeSteps = false) =>
        _model = PersonalModel.Open(_folder, new PersonalModelOptions { IntraOpThreads = threads, RunHook = hook, RunsWholeSteps = runsWholeSteps });

    public void OpenLibtorch(int threads, PairedOptimizer? optimizer = null)
    {
        TorchReference.Load();
        torch.set_num_threads(threads);
        _optimizer = (optimizer ?? PairedOptimizer.Sgd).CreateTorch(CreateTorchParameters(_artifacts!), Rate);
    }

    /// <summary>Gets how many numbers are trained; after <see cref="Compile"/>.</summary>
    public long TrainedNumbers => _artifacts!.Report.TrainableParameters;

    /// <summary>Takes a step in AutLearn.</summary>
    /// <returns>The loss before it.</returns>
    public float AutLearn() => Model.TrainStep(Boundary, Labels, Rate).Loss;

    /// <summary>Takes a step in libtorch.</summary>
    /// <returns>The loss before it.</returns>
    public float Libtorch()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _optimizer!.zero_grad();
        torch.Tensor loss = TorchLoss();
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    public void Dispose()
    {
        _model?.Dispose();
        _optimizer?.Dispose();
        DisposeTorch();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Gets the opened model; after <see cref="OpenAutLearn"/>.</summary>
    protected PersonalModel Model => _model!;

    /// <summary>Decides what is trained.</summary>
    protected virtual CompileOptions Options(Optimizer optimizer) =>
        new() { Trainable = TrainableSelection.All, BatchNormalization = NormalizationStatistics.Training, Optimizer = optimizer };

    protected abstract OnnxModel CreateModel();

    protected abstract IEnumerable<Parameter> CreateTorchParameters(CompiledArtifacts artifacts);

    protected abstract torch.Tensor TorchLoss();

    protected abstract void DisposeTorch();

    protected static TensorBuffer Buffer(long[] values, params ReadOnlySpan<long> sizes)
    {
        var buffer = new TensorBuffer(ElementType.Int64, sizes);
        buffer.CopyFrom<long>(values);
        return buffer;
    }

    protected static torch.Tensor ToTorch(Tensor tensor) => torch.tensor(tensor.Span<float>().ToArray(), [.. tensor.Dimensions]);
}
