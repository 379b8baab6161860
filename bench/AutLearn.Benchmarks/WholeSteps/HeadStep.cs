using System.Globalization;
using AutLearn.Benchmarks.Training;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.WholeSteps;

/// <summary>A linear softmax head over features that are given.</summary>
internal sealed class HeadStep : PairedStep
{
    private const int Rows = 16;

    private readonly int _features;
    private readonly int _classes;
    private readonly float[] _values;
    private readonly long[] _classOf;
    private torch.Tensor? _torchInput;
    private torch.Tensor? _torchLabels;
    private Parameter? _weight;
    private Parameter? _bias;

    public HeadStep(int features, int classes)
        : base(1e-3)
    {
        _features = features;
        _classes = classes;
        (_values, _classOf) = LinearHead.Batch(features, classes, Rows);
        Input = new TensorBuffer(ElementType.Float32, Rows, features);
        Input.CopyFrom<float>(_values);
        Labels = Buffer(_classOf, Rows);
    }

    public override string Description => string.Create(CultureInfo.InvariantCulture, $"linear softmax head, {_features} features, {_classes} classes, {Rows} rows");

    protected override TensorBuffer Input { get; }

    protected override TensorBuffer Labels { get; }

    protected override OnnxModel CreateModel() => LinearHead.Create(_features, _classes);

    protected override IEnumerable<Parameter> CreateTorchParameters(CompiledArtifacts artifacts)
    {
        _weight = new Parameter(ToTorch(artifacts.InitialParameters["weight"]));
        _bias = new Parameter(ToTorch(artifacts.InitialParameters["bias"]));
        _torchInput = torch.tensor(_values, [Rows, _features]);
        _torchLabels = torch.tensor(_classOf);
        return [_weight, _bias];
    }

    protected override torch.Tensor TorchLoss() =>
        torch.nn.functional.cross_entropy(torch.nn.functional.linear(_torchInput!, _weight!, _bias!), _torchLabels!);

    protected override void DisposeTorch()
    {
        _torchInput?.Dispose();
        _torchLabels?.Dispose();
        _weight?.Dispose();
        _bias?.Dispose();
    }
}
