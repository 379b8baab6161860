using AutLearn.Cache.Disk;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Runtime.Offline;
using AutLearn.Testing;
using BenchmarkDotNet.Attributes;

namespace AutLearn.Benchmarks.Learning;

/// <summary>One offline epoch of MobileNet's head over 300 samples: the first, which computes the features, and a later one, which reads them from disk. One thread.</summary>
[Config(typeof(LongRunConfig))]
public class OfflineBenchmark : IDisposable
{
    private const int Samples = 300;

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private PersonalModel _model = null!;
    private FeatureStore _store = null!;
    private OfflineLearner _learner = null!;

    [GlobalSetup]
    public void Setup()
    {
        string path = TestData.Find("mobilenet/mobilenet_v1_0.75_224.onnx")
            ?? throw new InvalidOperationException($"The benchmark needs the real MobileNet. Set {TestData.Variable}.");
        OnnxModel model = OnnxFile.Read(path);
        HeadReplacement.Replace(model, 62, seed: 1);
        string package = Path.Combine(_folder, "mobilenet.autlearn");
        ModelCompiler.Compile(model, new CompileOptions()).SavePackage(package);
        _model = PersonalModel.Open(package, new PersonalModelOptions { IntraOpThreads = 1 });
        _store = FeatureStore.Open(Path.Combine(_folder, "features"), OfflineLearner.OptionsFor(_model));
        _learner = new OfflineLearner(
            _model,
            new NoiseHistory(),
            _store,
            Path.Combine(_folder, "work"),
            new OfflineLearnerOptions { Epochs = 1, BatchSize = 16, LearningRate = 1e-6, HoldOutFraction = 0 });
        _learner.RunAsync().GetAwaiter().GetResult();
    }

    [Benchmark(Baseline = true)]
    public async Task<long> FirstEpoch()
    {
        _store.Clear();
        return (await _learner.RunAsync().ConfigureAwait(false)).Progress.ComputedRows;
    }

    /// <summary>Opening the candidate, its checkpoint and the promotion included.</summary>
    [Benchmark]
    public async Task<long> LaterEpoch()
    {
        OfflineResult result = await _learner.RunAsync().ConfigureAwait(false);
        return result.Progress.ReusedRows == Samples ? Samples : throw new InvalidOperationException("The features were not on disk.");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _store?.Dispose();
        _model?.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private sealed class NoiseHistory : ISampleHistory
    {
        public IReadOnlyList<HistorySample> List() => [.. Enumerable.Range(0, Samples).Select(i => new HistorySample(i, i % 62, i))];

        public bool TryRead(HistorySample sample, IReadOnlyList<TensorBuffer> inputs)
        {
            var random = new Random((int)sample.Id);
            foreach (ref float value in inputs[0].Span<float>())
                value = (2 * random.NextSingle()) - 1;
            return true;
        }
    }
}
