using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Testing.Networks;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.WholeSteps;

/// <summary>A classifier whose forward pass is written for both sides over the same named parameters.</summary>
internal sealed class ClassifierStep : PairedStep
{
    private const int Rows = 16;
    private const int Classes = 10;

    private readonly Func<OnnxModel> _model;
    private readonly Func<Func<string, torch.Tensor>, torch.Tensor, torch.Tensor> _forward;
    private readonly Func<torch.Tensor> _createInput;
    private readonly long[] _labels;
    private readonly Dictionary<string, torch.Tensor> _parameters = [];
    private torch.Tensor? _torchInput;
    private torch.Tensor? _torchLabels;

    private ClassifierStep(
        string description,
        Random random,
        Func<OnnxModel> model,
        Func<Func<string, torch.Tensor>, torch.Tensor, torch.Tensor> forward,
        TensorBuffer input,
        Func<torch.Tensor> torchInput)
        : base(1e-4)
    {
        Description = description;
        _model = model;
        _forward = forward;
        Input = input;
        _createInput = torchInput;
        _labels = [.. Enumerable.Range(0, Rows).Select(_ => (long)random.Next(Classes))];
        Labels = Buffer(_labels, Rows);
    }

    public override string Description { get; }

    protected override TensorBuffer Input { get; }

    protected override TensorBuffer Labels { get; }

    public static ClassifierStep MobileNet()
    {
        const int Side = 64;
        var random = new Random(1);
        float[] pixels = [.. Enumerable.Range(0, Rows * 3 * Side * Side).Select(_ => (2 * random.NextSingle()) - 1)];
        var input = new TensorBuffer(ElementType.Float32, Rows, 3, Side, Side);
        input.CopyFrom<float>(pixels);
        return new(
            $"MobileNet v1, {Side}x{Side}, batch {Rows}, batch normalization trained",
            random,
            () => MobileNetV1.Create(1, Side, Classes),
            MobileNetV1.Forward,
            input,
            () => torch.tensor(pixels, [Rows, 3, Side, Side]));
    }

    public static ClassifierStep Transformer()
    {
        const int Words = 1000, Length = 64, Width = 128;
        var random = new Random(1);
        long[] tokens = [.. Enumerable.Range(0, Rows * Length).Select(_ => (long)random.Next(Words))];
        return new(
            $"transformer encoder, {TransformerEncoder.Layers} layers of {Width}, {Rows} sequences of {Length}",
            random,
            () => TransformerEncoder.Create(Words, Length, Width, Classes),
            (parameters, input) => TransformerEncoder.Forward(parameters, input),
            Buffer(tokens, Rows, Length),
            () => torch.tensor(tokens, [Rows, Length]));
    }

    protected override OnnxModel CreateModel() => _model();

    // The running statistics of batch normalization are parameters of the model, but not of the optimizer.
    protected override IEnumerable<Parameter> CreateTorchParameters(CompiledArtifacts artifacts)
    {
        var trainable = new List<Parameter>();
        foreach (ParameterSpec spec in artifacts.Manifest.Parameters)
        {
            torch.Tensor value = ToTorch(artifacts.InitialParameters[spec.Tensor.Name]);
            if (spec.Role == ParameterRole.Trainable)
            {
                var parameter = new Parameter(value);
                trainable.Add(parameter);
                value = parameter;
            }

            _parameters.Add(spec.Tensor.Name, value);
        }

        _torchInput = _createInput();
        _torchLabels = torch.tensor(_labels);
        return trainable;
    }

    protected override torch.Tensor TorchLoss() => torch.nn.functional.cross_entropy(_forward(n => _parameters[n], _torchInput!), _torchLabels!);

    protected override void DisposeTorch()
    {
        _torchInput?.Dispose();
        _torchLabels?.Dispose();
        foreach (torch.Tensor parameter in _parameters.Values)
            parameter.Dispose();
    }
}
