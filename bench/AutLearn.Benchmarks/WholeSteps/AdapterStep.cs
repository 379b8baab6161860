using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Testing.Networks;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.WholeSteps;

/// <summary>A step of low-rank adapters beside the query and value weights of a transformer of BERT's size (Devlin et al. 2019), everything else frozen.</summary>
internal sealed class AdapterStep : PairedStep
{
    public const int Rank = 8;
    public const int Rows = 4;
    public const int Length = 64;

    private const int Words = 30_522;
    private const int Width = 768;
    private const int Layers = 12;
    private const int HeadCount = 12;
    private const int Classes = 10;
    private const double Alpha = 16;

    private readonly long[] _tokens;
    private readonly long[] _labels;
    private readonly Lazy<OnnxModel> _network = new(() => TransformerEncoder.Create(Words, Length, Width, Classes, 1, Layers, HeadCount));
    private readonly Dictionary<string, torch.Tensor> _parameters = [];
    private TensorBuffer[]? _boundary;
    private PredictionBatch? _shown;
    private torch.Tensor? _torchTokens;
    private torch.Tensor? _torchLabels;

    public AdapterStep()
        : base(1e-4)
    {
        var random = new Random(1);
        _tokens = [.. Enumerable.Range(0, Rows * Length).Select(_ => (long)random.Next(Words))];
        _labels = [.. Enumerable.Range(0, Rows).Select(_ => (long)random.Next(Classes))];
        Input = Buffer(_tokens, Rows, Length);
        Labels = Buffer(_labels, Rows);
    }

    public override string Description => $"transformer encoder, {Layers} layers of {Width}, {Words} words, {Rows} sequences of {Length}";

    /// <summary>Gets the network, which nobody changes.</summary>
    public OnnxModel Network => _network.Value;

    protected override TensorBuffer Input { get; }

    protected override TensorBuffer Labels { get; }

    // What of the first layer no adapter changes; a prediction computed it.
    protected override TensorBuffer[] Boundary => _boundary ??= [.. (_shown = Model.Predict([Input])).Boundary];

    /// <summary>Predicts with the adapters.</summary>
    public void Predict() => Model.Predict([Input]).Dispose();

    /// <summary>Gets the bytes of what was learned.</summary>
    public long StateSize(string path)
    {
        Model.SaveState(path);
        return new FileInfo(path).Length;
    }

    protected override CompileOptions Options(Optimizer optimizer) => new()
    {
        Trainable = TrainableSelection.None,
        Adapter = new LowRankAdapter { On = ["*.q.weight", "*.v.weight"], Rank = Rank, Alpha = Alpha },
        Optimizer = optimizer,
    };

    protected override OnnxModel CreateModel() => Network;

    protected override IEnumerable<Parameter> CreateTorchParameters(CompiledArtifacts artifacts)
    {
        foreach (Value frozen in Network.Graph.Initializers.Where(i => i.ElementType == ElementType.Float32 && i.Initializer!.Count > 1))
            _parameters.Add(frozen.Name, ToTorch(frozen.Initializer!));
        var trainable = new List<Parameter>();
        foreach (ParameterSpec spec in artifacts.Manifest.Parameters)
        {
            var parameter = new Parameter(ToTorch(artifacts.InitialParameters[spec.Tensor.Name]));
            trainable.Add(parameter);
            _parameters.Add(spec.Tensor.Name, parameter);
        }

        (_torchTokens, _torchLabels) = (torch.tensor(_tokens, [Rows, Length]), torch.tensor(_labels));
        return trainable;
    }

    protected override torch.Tensor TorchLoss() => torch.nn.functional.cross_entropy(
        TransformerEncoder.Forward(n => _parameters[n], _torchTokens!, Layers, HeadCount, (weight, x) =>
            _parameters.TryGetValue($"{weight}.lora_A", out torch.Tensor? down) ? x.matmul(down).matmul(_parameters[$"{weight}.lora_B"]) * (Alpha / Rank) : null),
        _torchLabels!);

    protected override void DisposeTorch()
    {
        _shown?.Dispose();
        _torchTokens?.Dispose();
        _torchLabels?.Dispose();
        foreach (torch.Tensor parameter in _parameters.Values)
            parameter.Dispose();
    }
}
