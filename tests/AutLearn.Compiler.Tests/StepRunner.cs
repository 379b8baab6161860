using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests;

/// <summary>Runs compiled artifacts in ONNX Runtime and carries parameters and state from step to step.</summary>
internal sealed class StepRunner : IDisposable
{
    private readonly CompiledArtifacts _artifacts;
    private readonly OrtModel _step;
    private readonly OrtModel? _cached;
    private readonly OrtModel _inference;
    private readonly OrtModel _evaluation;

    public StepRunner(CompiledArtifacts artifacts, GraphOptimizationLevel level = GraphOptimizationLevel.ORT_ENABLE_ALL)
    {
        _artifacts = artifacts;
        _step = new OrtModel(artifacts.TrainStep, level);
        _cached = artifacts.TrainStepCached is { } cached ? new OrtModel(cached, level) : null;
        _inference = new OrtModel(artifacts.Inference, level);
        _evaluation = new OrtModel(artifacts.Evaluation, level);
        foreach ((string name, Tensor tensor) in artifacts.InitialParameters)
            Values[name] = tensor;
        foreach (StateSpec state in artifacts.Manifest.OptimizerState)
            Values[state.Tensor.Name] = artifacts.InitialState.GetValueOrDefault(state.Tensor.Name) ?? Initial(state);
    }

    public ArtifactManifest Manifest => _artifacts.Manifest;

    /// <summary>Parameters, buffers and optimizer state by name.</summary>
    public Dictionary<string, Tensor> Values { get; } = [];

    /// <summary>Gets or sets a value indicating whether the next steps only end their window of accumulated gradients.</summary>
    public bool UpdatesNow { get; set; }

    public IReadOnlyDictionary<string, Tensor> Infer(IReadOnlyDictionary<string, Tensor> inputs) => _inference.Run(With(inputs));

    public IReadOnlyDictionary<string, Tensor> Evaluate(IReadOnlyDictionary<string, Tensor> boundary, Tensor labels) =>
        _evaluation.Run(With(boundary, (_artifacts.Manifest.Labels.Name, labels)));

    public IReadOnlyDictionary<string, Tensor> Step(IReadOnlyDictionary<string, Tensor> boundary, Tensor labels, float rate, long seed = 0) =>
        Advance(_step, boundary, labels, rate, seed);

    public IReadOnlyDictionary<string, Tensor> CachedStep(IReadOnlyDictionary<string, Tensor> boundary, Tensor labels, float rate) =>
        Advance(_cached!, boundary, labels, rate, 0);

    public float[] Floats(string name) => Values[name].Span<float>().ToArray();

    public void Dispose()
    {
        _step.Dispose();
        _cached?.Dispose();
        _inference.Dispose();
        _evaluation.Dispose();
    }

    private IReadOnlyDictionary<string, Tensor> Advance(OrtModel model, IReadOnlyDictionary<string, Tensor> boundary, Tensor labels, float rate, long seed)
    {
        ArtifactManifest manifest = _artifacts.Manifest;
        Dictionary<string, Tensor> feeds = With(boundary, (manifest.Labels.Name, labels), (manifest.LearningRateInput, Tensor.Scalar(rate)));
        if (manifest.UpdateNowInput is { } update)
            feeds[update] = Tensor.Scalar(UpdatesNow);
        if (manifest.SeedInput is { } name)
            feeds[name] = Tensor.Scalar(seed);
        IReadOnlyDictionary<string, Tensor> outputs = model.Run(feeds);
        foreach (ParameterSpec parameter in manifest.Parameters)
            Values[parameter.Tensor.Name] = outputs[parameter.UpdatedOutput];
        foreach (StateSpec state in manifest.OptimizerState)
            Values[state.Tensor.Name] = outputs[state.UpdatedOutput];
        return outputs;
    }

    private Dictionary<string, Tensor> With(IReadOnlyDictionary<string, Tensor> more, params (string Name, Tensor Tensor)[] others)
    {
        var feeds = new Dictionary<string, Tensor>(Values);
        foreach ((string name, Tensor tensor) in more)
            feeds[name] = tensor;
        foreach ((string name, Tensor tensor) in others)
            feeds[name] = tensor;
        return feeds;
    }

    private static Tensor Initial(StateSpec state)
    {
        long[] sizes = [.. state.Tensor.Shape.Select(long.Parse)];
        if (state.Tensor.ElementType == ElementType.Int64)
            return Tensor.Of<long>(sizes, [(long)state.InitialValue]);
        float[] values = new float[sizes.Aggregate(1L, (a, b) => a * b)];
        Array.Fill(values, (float)state.InitialValue);
        return Tensor.Of<float>(sizes, values);
    }
}
