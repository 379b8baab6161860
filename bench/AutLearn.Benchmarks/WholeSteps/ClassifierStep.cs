using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Testing.Networks;
using AutLearn.Testing.Torch;
using BenchmarkDotNet.Attributes;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.Training;

/// <summary>One whole training step of MobileNet v1 (64x64, batch 16, batch normalization trained) or of a 4-layer transformer encoder, in one process with libtorch.</summary>
[Config(typeof(MicroConfig))]
public class WholeNetworkBenchmark : IDisposable
{
    private const int Rows = 16;
    private const int Side = 64;
    private const int Words = 1000;
    private const int Length = 64;
    private const int Width = 128;
    private const int Classes = 10;
    private const double Rate = 1e-4;

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private readonly Dictionary<string, torch.Tensor> _parameters = [];
    private PersonalModel _model = null!;
    private TensorBuffer _input = null!;
    private TensorBuffer _labels = null!;
    private torch.Tensor _torchInput = null!;
    private torch.Tensor _torchLabels = null!;
    private torch.optim.Optimizer _optimizer = null!;

    /// <summary>The network.</summary>
    [Params("MobileNet v1", "transformer")]
    public string Network { get; set; } = "MobileNet v1";

    /// <summary>Threads that share one operator, on both sides.</summary>
    [Params(1, 2)]
    public int Threads { get; set; } = 1;

    private bool IsMobileNet => Network == "MobileNet v1";

    [GlobalSetup]
    public void Setup()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            IsMobileNet ? MobileNetV1.Create(1, Side, Classes) : TransformerEncoder.Create(Words, Length, Width, Classes),
            new CompileOptions { Trainable = TrainableSelection.All, BatchNormalization = NormalizationStatistics.Training, Optimizer = new SgdOptimizer() });
        artifacts.Save(_folder);
        _model = PersonalModel.Open(_folder, new PersonalModelOptions { IntraOpThreads = Threads });
        TorchReference.Load();
        torch.set_num_threads(Threads);
        var trainable = new List<Parameter>();
        foreach (ParameterSpec spec in artifacts.Manifest.Parameters)
        {
            Tensor initial = artifacts.InitialParameters[spec.Tensor.Name];
            torch.Tensor value = torch.tensor(initial.Span<float>().ToArray(), [.. initial.Dimensions]);
            if (spec.Role == ParameterRole.Trainable)
            {
                var parameter = new Parameter(value);
                trainable.Add(parameter);
                value = parameter;
            }

            _parameters.Add(spec.Tensor.Name, value);
        }

        _optimizer = torch.optim.SGD(trainable, Rate);
        FillBatch();

        // Both sides must do the same work before their times mean anything.
        float ours = AutLearn(), theirs = Libtorch();
        if (Math.Abs(ours - theirs) > 1e-4 * theirs)
            throw new InvalidOperationException($"The losses differ: {ours} and {theirs}.");
    }

    [Benchmark(Baseline = true)]
    public float Libtorch()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _optimizer.zero_grad();
        torch.Tensor logits = IsMobileNet ? MobileNetV1.Forward(n => _parameters[n], _torchInput) : TransformerEncoder.Forward(n => _parameters[n], _torchInput);
        torch.Tensor loss = torch.nn.functional.cross_entropy(logits, _torchLabels);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    [Benchmark]
    public float AutLearn() => _model.TrainStep([_input], _labels, Rate).Loss;

    [GlobalCleanup]
    public void Dispose()
    {
        _model?.Dispose();
        _optimizer?.Dispose();
        _torchInput?.Dispose();
        _torchLabels?.Dispose();
        foreach (torch.Tensor parameter in _parameters.Values)
            parameter.Dispose();
        _parameters.Clear();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private void FillBatch()
    {
        var random = new Random(1);
        long[] labels = [.. Enumerable.Range(0, Rows).Select(_ => (long)random.Next(Classes))];
        _labels = new TensorBuffer(ElementType.Int64, Rows);
        _labels.CopyFrom<long>(labels);
        _torchLabels = torch.tensor(labels);
        if (IsMobileNet)
        {
            float[] pixels = [.. Enumerable.Range(0, Rows * 3 * Side * Side).Select(_ => (2 * random.NextSingle()) - 1)];
            _input = new TensorBuffer(ElementType.Float32, Rows, 3, Side, Side);
            _input.CopyFrom<float>(pixels);
            _torchInput = torch.tensor(pixels, [Rows, 3, Side, Side]);
            return;
        }

        long[] tokens = [.. Enumerable.Range(0, Rows * Length).Select(_ => (long)random.Next(Words))];
        _input = new TensorBuffer(ElementType.Int64, Rows, Length);
        _input.CopyFrom<long>(tokens);
        _torchInput = torch.tensor(tokens, [Rows, Length]);
    }
}
