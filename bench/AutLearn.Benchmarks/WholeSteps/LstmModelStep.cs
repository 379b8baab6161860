using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;
using TorchSharp;
using TorchSharp.Modules;

namespace AutLearn.Benchmarks.WholeSteps;

/// <summary>A language model of two LSTM layers.</summary>
internal sealed class LstmModelStep : PairedStep
{
    private const int Vocabulary = 10_000;
    private const int Hidden = 256;
    private const int Layers = 2;
    private const int Sequences = 32;
    private const int Steps = 20;

    // ONNX orders the gates i, o, f, c; libtorch i, f, c, o.
    private static readonly int[] GateOrder = [0, 2, 3, 1];

    private readonly Random _random = new(1);
    private readonly long[] _tokens;
    private readonly long[] _next;
    private Embedding? _embedding;
    private LSTM? _lstm;
    private Linear? _head;
    private torch.Tensor? _torchTokens;
    private torch.Tensor? _torchNext;

    public LstmModelStep()
        : base(0.1)
    {
        _tokens = [.. Enumerable.Range(0, Sequences * Steps).Select(_ => (long)_random.Next(Vocabulary))];
        _next = [.. Enumerable.Range(0, Sequences * Steps).Select(_ => (long)_random.Next(Vocabulary))];
        Input = Buffer(_tokens, Sequences, Steps);
        Labels = Buffer(_next, Sequences, Steps);
    }

    public override string Description => $"LSTM language model, vocabulary {Vocabulary}, embedding and {Layers} layers of {Hidden}, untied head, {Sequences} sequences of {Steps}";

    protected override TensorBuffer Input { get; }

    protected override TensorBuffer Labels { get; }

    protected override IEnumerable<Parameter> CreateTorchParameters(CompiledArtifacts artifacts)
    {
        _embedding = torch.nn.Embedding(Vocabulary, Hidden);
        _lstm = torch.nn.LSTM(Hidden, Hidden, Layers, batchFirst: true);
        _head = torch.nn.Linear(Hidden, Vocabulary);
        CopyWeights(n => artifacts.InitialParameters[n]);
        _torchTokens = torch.tensor(_tokens, [Sequences, Steps]);
        _torchNext = torch.tensor(_next);
        return _embedding.parameters().Concat(_lstm.parameters()).Concat(_head.parameters());
    }

    protected override torch.Tensor TorchLoss()
    {
        torch.Tensor states = _lstm!.call(_embedding!.call(_torchTokens!)).Item1;
        return torch.nn.functional.cross_entropy(_head!.call(states).reshape(-1, Vocabulary), _torchNext!);
    }

    protected override void DisposeTorch()
    {
        _embedding?.Dispose();
        _lstm?.Dispose();
        _head?.Dispose();
        _torchTokens?.Dispose();
        _torchNext?.Dispose();
    }

    protected override OnnxModel CreateModel()
    {
        var graph = new OnnxGraph("lstm-lm");
        Value tokens = graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", "T")));
        Value x = Node("Gather", [Weight("embedding", Vocabulary, Hidden), tokens], "embedded");
        x = Node("Transpose", [x], "sequence", KeyValuePair.Create("perm", AttributeValue.Of(1L, 0L, 2L)));
        Value axis = graph.AddInitializer("axis", Tensor.Vector(1L));
        for (int layer = 0; layer < Layers; layer++)
        {
            Value[] inputs = [x, Weight($"W{layer}", 1, 4 * Hidden, Hidden), Weight($"R{layer}", 1, 4 * Hidden, Hidden), Weight($"B{layer}", 1, 8 * Hidden)];
            x = Node("Squeeze", [Node("LSTM", inputs, $"Y{layer}", KeyValuePair.Create("hidden_size", AttributeValue.Of((long)Hidden))), axis], $"y{layer}");
        }

        x = Node("Transpose", [x], "states", KeyValuePair.Create("perm", AttributeValue.Of(1L, 0L, 2L)));
        Value product = Node("MatMul", [x, Weight("head.weight", Hidden, Vocabulary)], "product");
        graph.AddOutput(Node("Add", [product, Weight("head.bias", Vocabulary)], "logits"));
        return new OnnxModel(graph, 18);

        Value Weight(string name, params long[] sizes)
        {
            float[] values = [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(0.125 * (_random.NextDouble() - 0.5)))];
            return graph.AddInitializer(name, Tensor.Of<float>(sizes, values));
        }

        Value Node(string opType, Value[] inputs, string output, params KeyValuePair<string, AttributeValue>[] attributes) =>
            graph.AddNode(opType, inputs, [output], attributes, name: output).Outputs[0]!;
    }

    private void CopyWeights(Func<string, Tensor> initial)
    {
        using IDisposable scope = torch.NewDisposeScope();
        using (torch.no_grad())
        {
            _embedding!.weight!.copy_(ToTorch(initial("embedding")));
            _head!.weight!.copy_(ToTorch(initial("head.weight")).t());
            _head.bias!.copy_(ToTorch(initial("head.bias")));
            foreach ((string name, Parameter parameter) in _lstm!.named_parameters())
            {
                bool isBias = name.StartsWith("bias", StringComparison.Ordinal), isRecurrent = name.Contains("_hh_", StringComparison.Ordinal);
                float[] source = initial($"{(isBias ? "B" : isRecurrent ? "R" : "W")}{name[^1]}").Span<float>().ToArray();
                if (isBias)
                    source = isRecurrent ? source[(4 * Hidden)..] : source[..(4 * Hidden)];
                int gate = source.Length / 4;
                parameter.copy_(torch.tensor(GateOrder.SelectMany(g => source.Skip(g * gate).Take(gate)).ToArray(), parameter.shape));
            }
        }
    }
}
