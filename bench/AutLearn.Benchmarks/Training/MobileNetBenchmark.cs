using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing;
using BenchmarkDotNet.Attributes;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Benchmarks.Training;

/// <summary>The real MobileNet: compile, open, first prediction, and personalising on 300 images against plain inference of them. One thread.</summary>
[Config(typeof(LongRunConfig))]
public class MobileNetBenchmark : IDisposable
{
    private const int Images = 300;
    private const int Rows = 12;
    private const int Pixels = 3 * 224 * 224;
    private const int Classes = 62;

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private string _modelFile = "";
    private string _packageFile = "";
    private OnnxModel _mobileNet = null!;
    private InferenceSession _plain = null!;
    private PersonalModel _model = null!;
    private float[] _images = [];
    private long[] _labels = [];

    private PersonalModelOptions Options => new() { IntraOpThreads = 1, OptimizedModelCacheFolder = Path.Combine(_folder, "cache") };

    [GlobalSetup]
    public void Setup()
    {
        _modelFile = TestData.Find("mobilenet/mobilenet_v1_0.75_224.onnx")
            ?? throw new InvalidOperationException($"The benchmark needs the real MobileNet. Set {TestData.Variable}.");
        _mobileNet = OnnxFile.Read(_modelFile);
        _packageFile = Path.Combine(_folder, "mobilenet.autlearn");
        Compile().SavePackage(_packageFile);
        var random = new Random(1);
        _images = new float[Images * Pixels];
        for (int i = 0; i < _images.Length; i++)
            _images[i] = (2 * random.NextSingle()) - 1;
        _labels = [.. Enumerable.Range(0, Images).Select(_ => (long)random.Next(Classes))];
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        _plain = new InferenceSession(_modelFile, options);
        _model = PersonalModel.Open(_packageFile, Options);
        OpenAndPredictOne();
    }

    /// <summary>Read once, compile: normalise, partition, differentiate, optimise, emit four models.</summary>
    [Benchmark]
    public CompiledArtifacts Compile()
    {
        OnnxModel model = _mobileNet.Clone();
        HeadReplacement.Replace(model, Classes, seed: 1);
        return ModelCompiler.Compile(model, new CompileOptions { ModelName = "mobilenet" });
    }

    /// <summary>Open the package and predict one image, with the optimised models of an earlier start on disk.</summary>
    [Benchmark]
    public long OpenAndPredictOne()
    {
        using PersonalModel model = PersonalModel.Open(_packageFile, Options);
        using PredictionBatch batch = model.Predict(_images.AsSpan(0, Pixels), 1);
        return batch.PredictedClass(0);
    }

    /// <summary>Plain ONNX Runtime inference of the 300 images.</summary>
    [Benchmark(Baseline = true)]
    public float PlainInference()
    {
        float sum = 0;
        using var run = new RunOptions();
        for (int i = 0; i < Images; i += Rows)
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory<float>(
                OrtMemoryInfo.DefaultInstance, _images.AsMemory(i * Pixels, Rows * Pixels), [Rows, 3, 224, 224]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = _plain.Run(run, ["input"], [input], ["probabilities"]);
            sum += outputs[0].GetTensorDataAsSpan<float>()[0];
        }

        return sum;
    }

    /// <summary>Features of the 300 images, then five epochs of the head in batches of 16.</summary>
    [Benchmark]
    public async Task<TrainingResult> Personalise()
    {
        _model.Reset();
        FeatureSet features = _model.ExtractFeatures(_images, _labels, Rows);
        return await new FineTuner(_model).TrainAsync(features, new TrainingOptions { Epochs = 5, BatchSize = 16, LearningRate = 0.01 }).ConfigureAwait(false);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _plain?.Dispose();
        _model?.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
