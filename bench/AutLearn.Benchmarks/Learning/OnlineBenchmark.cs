using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;
using AutLearn.Testing;
using BenchmarkDotNet.Attributes;

namespace AutLearn.Benchmarks.Learning;

/// <summary>What learning online adds to 160 predictions, one at a time, each labelled at once: ten steps in the background. One thread predicts, the last step is awaited.</summary>
[Config(typeof(LongRunConfig))]
public class OnlineBenchmark : IDisposable
{
    private const int Predictions = 160;
    private const int Batch = 16;

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private PersonalModel _model = null!;
    private PredictionBatch _one = null!;
    private PredictionBatch _cachedRows = null!;
    private OnlineLearner _learner = null!;
    private float[] _input = [];
    private long[] _labels = [];
    private int _size;

    /// <summary>The real MobileNet with a head of 62 classes, and a head as of a language model, whose input is its features.</summary>
    [Params("MobileNet", "head 256x10000")]
    public string Model { get; set; } = "MobileNet";

    [GlobalSetup]
    public void Setup()
    {
        OnnxModel model = Model == "MobileNet" ? MobileNet() : Head(256, 10_000);
        ModelCompiler.Compile(model, new CompileOptions()).Save(_folder);
        _model = PersonalModel.Open(_folder, new PersonalModelOptions { IntraOpThreads = 1 });
        _one = _model.CreateBatch(1);
        _size = (int)_one.Inputs[0].Count;
        var random = new Random(1);
        _input = new float[Batch * _size];
        for (int i = 0; i < _input.Length; i++)
            _input[i] = (2 * random.NextSingle()) - 1;
        _labels = [.. Enumerable.Range(0, Batch).Select(_ => (long)random.Next(62))];
        _cachedRows = _model.Predict(_input, Batch);
        _learner = new OnlineLearner(_model, new OnlineLearnerOptions { BatchSize = Batch, LearningRate = 1e-6 });
        _model.TrainStepOnInputs(_input, _labels, 1e-6);
    }

    [Benchmark(Baseline = true)]
    public int PredictAlone()
    {
        int sum = 0;
        for (int i = 0; i < Predictions; i++)
        {
            Predict(i);
            sum += _one.PredictedClass(0);
        }

        return sum;
    }

    [Benchmark]
    public int PredictAndLearn()
    {
        int sum = 0;
        for (int i = 0; i < Predictions; i++)
        {
            Predict(i);
            sum += _one.PredictedClass(0);
            _learner.Feedback(_learner.Remember(_one), _labels[i % Batch]);
        }

        // The steps ran beside the predictions; what is left of them belongs to the cost.
        _learner.FlushAsync().GetAwaiter().GetResult();
        return sum;
    }

    /// <summary>The ten steps alone, on the features that inference computed; the scores are computed again, since each step changes the parameters.</summary>
    [Benchmark]
    public float TenStepsFromTheCache()
    {
        float loss = 0;
        for (int i = 0; i < Predictions / Batch; i++)
            loss += _model.TrainStep(_cachedRows, _labels, 1e-6).Loss;
        return loss;
    }

    /// <summary>The ten steps alone, on raw inputs: the backbone runs again.</summary>
    [Benchmark]
    public float TenStepsWithoutTheCache()
    {
        float loss = 0;
        for (int i = 0; i < Predictions / Batch; i++)
            loss += _model.TrainStepOnInputs(_input, _labels, 1e-6).Loss;
        return loss;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _learner?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _one?.Dispose();
        _cachedRows?.Dispose();
        _model?.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static OnnxModel MobileNet()
    {
        string path = TestData.Find("mobilenet/mobilenet_v1_0.75_224.onnx")
            ?? throw new InvalidOperationException($"The benchmark needs the real MobileNet. Set {TestData.Variable}.");
        OnnxModel model = OnnxFile.Read(path);
        HeadReplacement.Replace(model, 62, seed: 1);
        return model;
    }

    private static OnnxModel Head(int features, int classes)
    {
        var random = new Random(1);
        float[] weight = [.. Enumerable.Range(0, features * classes).Select(_ => (float)(0.02 * (random.NextDouble() - 0.5)))];
        var graph = new OnnxGraph("head");
        Value x = graph.AddInput("features", new TensorType(ElementType.Float32, new Shape("N", features)));
        Value w = graph.AddInitializer("weight", Tensor.Of<float>([classes, features], weight));
        Value b = graph.AddInitializer("bias", Tensor.Of<float>([classes], new float[classes]));
        graph.AddOutput(graph.AddNode("Gemm", [x, w, b], ["logits"], [KeyValuePair.Create("transB", AttributeValue.Of(1L))]).Output(0)!);
        return new OnnxModel(graph, 18);
    }

    private void Predict(int i)
    {
        _input.AsSpan(i % Batch * _size, _size).CopyTo(_one.Inputs[0].Span<float>());
        _model.Predict(_one);
    }
}
