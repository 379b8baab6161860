using AutLearn.Graph;
using AutLearn.Runtime.Training;
using TorchSharp;
using TorchSharp.Modules;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.Experiments.Words;

/// <summary>A network of the tool's recipes in libtorch, begun with the same weights and trained on the same rows.</summary>
/// <remarks>Adam as the tool has it; batches of rows of one length, drawn anew each epoch; the parameters of the epoch with the lowest validation loss stay.</remarks>
internal abstract class TorchText : IDisposable
{
    // ONNX orders the gates i, o, f, c; libtorch i, f, c, o.
    private static readonly int[] GateOrder = [0, 2, 3, 1];

    private readonly Dictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<OnnxGraph, float[]>> _sources = new(StringComparer.Ordinal);

    protected bool IsTraining { get; private set; }

    /// <summary>Takes the values of a graph's weights.</summary>
    public void Load(OnnxGraph graph)
    {
        using IDisposable scope = torch.NewDisposeScope();
        foreach ((string name, Parameter parameter) in _parameters)
        {
            using (torch.no_grad())
                parameter.copy_(torch.tensor(_sources[name](graph), parameter.shape));
        }
    }

    /// <summary>Trains.</summary>
    /// <param name="training">The rows.</param>
    /// <param name="validation">What decides which epoch stays; null keeps the last.</param>
    /// <param name="epochs">Passes.</param>
    /// <param name="batchSize">Rows of a step.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="seed">Decides the order and dropout.</param>
    /// <param name="learns">Whether a parameter learns.</param>
    /// <param name="clip">The largest norm of all gradients together; null for any.</param>
    public void Train(ISampleSource training, ISampleSource? validation, int epochs, int batchSize, double rate, int seed, Func<string, bool> learns, double? clip)
    {
        Parameter[] learned = [.. _parameters.Where(p => learns(p.Key)).Select(p => p.Value)];
        bool isWhole = learned.Length == _parameters.Count;
        using torch.optim.Optimizer optimizer = torch.optim.Adam(learned, rate);
        torch.manual_seed(seed);
        var random = new Random(seed);
        double best = double.PositiveInfinity;
        torch.Tensor[] kept = [];
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            int[] order = [.. Enumerable.Range(0, training.Count)];
            random.Shuffle(order);
            IsTraining = isWhole;
            int[][] batches = [.. order.GroupBy(training.BucketOf).SelectMany(b => b.Chunk(batchSize))];
            random.Shuffle(batches);
            foreach (int[] batch in batches)
            {
                using DisposeScope scope = torch.NewDisposeScope();
                (torch.Tensor tokens, torch.Tensor labels) = Read(training, batch, epoch);
                optimizer.zero_grad();
                torch.Tensor scores = Scores(tokens);
                torch.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[^1]), labels.reshape(-1)).backward();
                if (clip is { } largest)
                    torch.nn.utils.clip_grad_norm_(learned, largest);
                optimizer.step();
            }

            IsTraining = false;
            if (validation is null || Measure(validation, batchSize).Loss is var loss && loss >= best)
                continue;
            best = loss;
            Dispose(kept);
            using (torch.no_grad())
                kept = [.. _parameters.Values.Select(p => p.detach().clone())];
        }

        if (kept.Length > 0)
        {
            using (torch.no_grad())
            {
                foreach ((Parameter parameter, torch.Tensor value) in _parameters.Values.Zip(kept))
                    parameter.copy_(value);
            }
        }

        Dispose(kept);
    }

    /// <summary>Measures the mean loss of a label and the share of right first guesses.</summary>
    public (double Loss, double Accuracy) Measure(ISampleSource rows, int batchSize)
    {
        double loss = 0;
        long correct = 0, count = 0;
        foreach (int[] batch in Enumerable.Range(0, rows.Count).GroupBy(rows.BucketOf).SelectMany(b => b.Chunk(batchSize)))
        {
            using DisposeScope scope = torch.NewDisposeScope();
            using (torch.no_grad())
            {
                (torch.Tensor tokens, torch.Tensor labels) = Read(rows, batch, 1);
                torch.Tensor scores = Scores(tokens);
                scores = scores.reshape(-1, scores.shape[^1]);
                labels = labels.reshape(-1);
                loss += torch.nn.functional.cross_entropy(scores, labels).item<float>() * labels.shape[0];
                correct += scores.argmax(1).eq(labels).sum().item<long>();
                count += labels.shape[0];
            }
        }

        return (loss / count, (double)correct / count);
    }

    public void Dispose() => Dispose([.. _parameters.Values]);

    protected abstract torch.Tensor Scores(torch.Tensor tokens);

    /// <summary>Takes a parameter that has a weight of the graph as it is.</summary>
    protected Parameter Add(string name, Parameter parameter, Func<float[], float[]>? arrange = null, string? source = null)
    {
        _parameters.Add(name, parameter);
        _sources.Add(name, graph => (arrange ?? (v => v))(graph.Find(source ?? name)!.Initializer!.Span<float>().ToArray()));
        return parameter;
    }

    /// <summary>Adds a parameter of a shape.</summary>
    protected Parameter Add(string name, params long[] shape) => Add(name, new Parameter(torch.zeros(shape), requires_grad: true));

    /// <summary>Adds an LSTM layer, whose weights ONNX holds with other gates first and with both biases in one.</summary>
    protected LSTM AddLstm(string name, int hidden)
    {
        LSTM lstm = torch.nn.LSTM(hidden, hidden, batchFirst: true);
        foreach ((string own, Parameter parameter) in lstm.named_parameters())
        {
            bool isBias = own.StartsWith("bias", StringComparison.Ordinal), isRecurrent = own.Contains("_hh_", StringComparison.Ordinal);
            Add(
                $"{name}.{own}",
                parameter,
                v => Gates(!isBias ? v : isRecurrent ? v[(v.Length / 2)..] : v[..(v.Length / 2)]),
                $"{name}.{(isBias ? "bias" : isRecurrent ? "recurrence" : "weight")}");
        }

        return lstm;
    }

    private static float[] Gates(float[] values) => [.. GateOrder.SelectMany(g => values.AsSpan(g * (values.Length / 4), values.Length / 4).ToArray())];

    private static (torch.Tensor Tokens, torch.Tensor Labels) Read(ISampleSource rows, int[] batch, int epoch)
    {
        TrainingSample[] samples = [.. batch.Select(i => rows.Read(i, epoch))];
        long[] tokens = [.. samples.SelectMany(s => s.Inputs[0].Span<long>().ToArray())], labels = [.. samples.SelectMany(s => s.Labels.Span<long>().ToArray())];
        return (torch.tensor(tokens, [batch.Length, tokens.Length / batch.Length]), torch.tensor(labels));
    }

    private static void Dispose(IEnumerable<torch.Tensor> tensors)
    {
        foreach (torch.Tensor tensor in tensors)
            tensor.Dispose();
    }
}
