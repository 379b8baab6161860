using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;
using AutLearn.Testing.Torch;
using BenchmarkDotNet.Attributes;
using TorchSharp;
using TorchSharp.Modules;

namespace AutLearn.Benchmarks.Training;

/// <summary>One training step of a linear softmax head (forward, loss, backward, SGD), one thread, in one process with libtorch.</summary>
[Config(typeof(MicroConfig))]
public class HeadStepBenchmark : IDisposable
{
    private const int Rows = 16;
    private const double Rate = 0.01;

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private float[] _features = [];
    private long[] _labels = [];
    private PersonalModel _model = null!;
    private PredictionBatch _predicted = null!;
    private TensorBuffer[] _boundary = [];
    private TensorBuffer _labelBuffer = null!;
    private Linear _linear = null!;
    private torch.optim.Optimizer _optimizer = null!;
    private torch.Tensor _torchFeatures = null!;
    private torch.Tensor _torchLabels = null!;

    /// <summary>Features and classes of the head.</summary>
    [Params("1024x62", "768x1000", "256x10000")]
    public string Size { get; set; } = "1024x62";

    [GlobalSetup]
    public void Setup()
    {
        int[] sizes = [.. Size.Split('x').Select(int.Parse)];
        (_features, _labels) = LinearHead.Batch(sizes[0], sizes[1], Rows);
        float[] weight = LinearHead.Weight(sizes[0], sizes[1]);
        ModelCompiler.Compile(LinearHead.Create(sizes[0], sizes[1]), new CompileOptions()).Save(_folder);
        _model = PersonalModel.Open(_folder, new PersonalModelOptions { IntraOpThreads = 1 });
        _predicted = _model.Predict(_features, Rows);
        _boundary = [.. _predicted.Boundary];
        _labelBuffer = new TensorBuffer(ElementType.Int64, Rows);
        _labelBuffer.CopyFrom<long>(_labels);

        TorchReference.Load();
        _linear = torch.nn.Linear(sizes[0], sizes[1]);
        using (torch.no_grad())
        {
            _linear.weight!.copy_(torch.tensor(weight, [sizes[1], sizes[0]]));
            _linear.bias!.zero_();
        }

        _optimizer = torch.optim.SGD(_linear.parameters(), Rate);
        _torchFeatures = torch.tensor(_features, [Rows, sizes[0]]);
        _torchLabels = torch.tensor(_labels);

        // Both sides must do the same work before their times mean anything.
        float ours = _model.TrainStep(_features, _labels, Rate).Loss;
        float theirs = Libtorch();
        if (Math.Abs(ours - theirs) > 1e-4 * theirs)
            throw new InvalidOperationException($"The losses differ: {ours} and {theirs}.");
    }

    [Benchmark(Baseline = true)]
    public float Libtorch()
    {
        using var scope = torch.NewDisposeScope();
        _optimizer.zero_grad();
        torch.Tensor loss = torch.nn.functional.cross_entropy(_linear.forward(_torchFeatures), _torchLabels);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    [Benchmark]
    public float AutLearn() => _model.TrainStep(_features, _labels, Rate).Loss;

    /// <summary>The step of online learning: inference already computed the scores, so the head's forward pass is left out.</summary>
    [Benchmark]
    public float AutLearnCached() => _model.TrainStep(_boundary, _predicted.Logits, _model.ParameterVersion, _labelBuffer, Rate).Loss;

    [GlobalCleanup]
    public void Dispose()
    {
        _predicted?.Dispose();
        _model?.Dispose();
        _optimizer?.Dispose();
        _linear?.Dispose();
        _torchFeatures?.Dispose();
        _torchLabels?.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
