using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;
using AutLearn.Testing.Torch;
using BenchmarkDotNet.Attributes;
using TorchSharp;
using TorchSharp.Modules;

namespace AutLearn.Benchmarks.Training;

/// <summary>One whole training step (forward, loss, backward, SGD) of a two-layer LSTM language model, in one process with libtorch.</summary>
/// <remarks>Vocabulary 10,000, embedding and hidden size 256, untied head, 32 sequences of 20 tokens, all parameters trained.</remarks>
[Config(typeof(MicroConfig))]
public class LstmModelBenchmark : IDisposable
{
    private const int Vocabulary = 10_000;
    private const int Hidden = 256;
    private const int Layers = 2;
    private const int Sequences = 32;
    private const int Steps = 20;
    private const double Rate = 0.1;

    // ONNX orders the gates i, o, f, c; libtorch i, f, c, o.
    private static readonly int[] GateOrder = [0, 2, 3, 1];

    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;
    private readonly Dictionary<string, float[]> _weights = [];
    private readonly Random _random = new(1);
    private PersonalModel _model = null!;
    private TensorBuffer _tokens = null!;
    private TensorBuffer _next = null!;
    private Embedding _embedding = null!;
    private LSTM _lstm = null!;
    private Linear _head = null!;
    private torch.optim.Optimizer _optimizer = null!;
    private torch.Tensor _torchTokens = null!;
    private torch.Tensor _torchNext = null!;

    /// <summary>Threads that share one operator, on both sides.</summary>
    [Params(1, 2)]
    public int Threads { get; set; } = 1;

    [GlobalSetup]
    public void Setup()
    {
        ModelCompiler.Compile(Model(), new CompileOptions { Trainable = TrainableSelection.All }).Save(_folder);
        _model = PersonalModel.Open(_folder, new PersonalModelOptions { IntraOpThreads = Threads });
        (_tokens, long[] tokens) = RandomTokens();
        (_next, long[] next) = RandomTokens();

        TorchReference.Load();
        torch.set_num_threads(Threads);
        _embedding = torch.nn.Embedding(Vocabulary, Hidden);
        _lstm = torch.nn.LSTM(Hidden, Hidden, Layers, batchFirst: true);
        _head = torch.nn.Linear(Hidden, Vocabulary);
        CopyWeights();
        _optimizer = torch.optim.SGD(_embedding.parameters().Concat(_lstm.parameters()).Concat(_head.parameters()), Rate);
        _torchTokens = torch.tensor(tokens, [Sequences, Steps]);
        _torchNext = torch.tensor(next);

        // Both sides must do the same work before their times mean anything; the third loss rests on two updates.
        for (int step = 0; step < 3; step++)
        {
            float ours = AutLearn(), theirs = Libtorch();
            if (Math.Abs(ours - theirs) > 1e-4 * theirs)
                throw new InvalidOperationException($"The losses of step {step} differ: {ours} and {theirs}.");
        }
    }

    [Benchmark(Baseline = true)]
    public float Libtorch()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _optimizer.zero_grad();
        torch.Tensor states = _lstm.call(_embedding.call(_torchTokens)).Item1;
        torch.Tensor loss = torch.nn.functional.cross_entropy(_head.call(states).reshape(-1, Vocabulary), _torchNext);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    [Benchmark]
    public float AutLearn() => _model.TrainStep([_tokens], _next, Rate).Loss;

    [GlobalCleanup]
    public void Dispose()
    {
        _model?.Dispose();
        _optimizer?.Dispose();
        _embedding?.Dispose();
        _lstm?.Dispose();
        _head?.Dispose();
        _torchTokens?.Dispose();
        _torchNext?.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private OnnxModel Model()
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
            _weights[name] = [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(0.125 * (_random.NextDouble() - 0.5)))];
            return graph.AddInitializer(name, Tensor.Of<float>(sizes, _weights[name]));
        }

        Value Node(string opType, Value[] inputs, string output, params KeyValuePair<string, AttributeValue>[] attributes) =>
            graph.AddNode(opType, inputs, [output], attributes, name: output).Outputs[0]!;
    }

    private void CopyWeights()
    {
        using torch.Tensor headWeight = torch.tensor(_weights["head.weight"], [Hidden, Vocabulary]);
        using (torch.no_grad())
        {
            _embedding.weight!.copy_(torch.tensor(_weights["embedding"], [Vocabulary, Hidden]));
            _head.weight!.copy_(headWeight.t());
            _head.bias!.copy_(torch.tensor(_weights["head.bias"]));
            foreach ((string name, Parameter parameter) in _lstm.named_parameters())
            {
                bool isBias = name.StartsWith("bias", StringComparison.Ordinal), isRecurrent = name.Contains("_hh_", StringComparison.Ordinal);
                float[] source = _weights[$"{(isBias ? "B" : isRecurrent ? "R" : "W")}{name[^1]}"];
                if (isBias)
                    source = isRecurrent ? source[(4 * Hidden)..] : source[..(4 * Hidden)];
                int gate = source.Length / 4;
                parameter.copy_(torch.tensor(GateOrder.SelectMany(g => source.Skip(g * gate).Take(gate)).ToArray(), parameter.shape));
            }
        }
    }

    private (TensorBuffer Buffer, long[] Tokens) RandomTokens()
    {
        long[] tokens = [.. Enumerable.Range(0, Sequences * Steps).Select(_ => (long)_random.Next(Vocabulary))];
        var buffer = new TensorBuffer(ElementType.Int64, Sequences, Steps);
        buffer.CopyFrom<long>(tokens);
        return (buffer, tokens);
    }
}
