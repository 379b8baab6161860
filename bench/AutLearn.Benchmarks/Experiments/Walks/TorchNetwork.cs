using AutLearn.Graph;
using AutLearn.Runtime.Training;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.Experiments.Walks;

/// <summary>A network in libtorch, begun with the weights of an ONNX file and trained on the rows that the tool trains on, with an order of batches of its own.</summary>
internal sealed class TorchNetwork : IDisposable
{
    private readonly Dictionary<string, torch.Tensor> _values = new(StringComparer.Ordinal);
    private readonly Func<TorchNetwork, torch.Tensor, torch.Tensor> _forward;
    private readonly Func<torch.Tensor, torch.Tensor, torch.Tensor> _loss;

    /// <summary>Takes all numbers of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="isTrained">Whether a name is a parameter, and not a constant or a running statistic.</param>
    /// <param name="forward">Computes the scores of a batch.</param>
    /// <param name="loss">The loss of scores and labels.</param>
    public TorchNetwork(OnnxGraph graph, Func<string, bool> isTrained, Func<TorchNetwork, torch.Tensor, torch.Tensor> forward, Func<torch.Tensor, torch.Tensor, torch.Tensor> loss)
    {
        (_forward, _loss) = (forward, loss);
        foreach (Value value in graph.Initializers.Where(i => i.ElementType == ElementType.Float32))
        {
            torch.Tensor tensor = torch.tensor(value.Initializer!.Span<float>().ToArray(), [.. value.Initializer.Dimensions]);
            _values.Add(value.Name, isTrained(value.Name) ? new Parameter(tensor) : tensor);
        }
    }

    /// <summary>Gets whether a step is under way, in which batch normalization goes by its batch.</summary>
    public bool IsTraining { get; private set; }

    public torch.Tensor this[string name] => _values[name];

    /// <summary>Gets a value; null where the graph has none of that name.</summary>
    public torch.Tensor? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Trains with Adam; the values of the epoch with the lowest validation loss stay.</summary>
    /// <param name="training">The rows.</param>
    /// <param name="validation">What decides which epoch stays; null keeps the last.</param>
    /// <param name="epochs">Passes.</param>
    /// <param name="batchSize">Rows of a step.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="seed">Decides the order.</param>
    /// <param name="learns">Whether a parameter learns; batch statistics are kept where not all do.</param>
    public void Train(ISampleSource training, ISampleSource? validation, int epochs, int batchSize, double rate, int seed, Func<string, bool>? learns = null)
    {
        Parameter[] learned = [.. _values.Where(v => v.Value is Parameter && learns?.Invoke(v.Key) != false).Select(v => (Parameter)v.Value)];
        using torch.optim.Optimizer optimizer = torch.optim.Adam(learned, rate);
        var random = new Random(seed);
        double best = double.PositiveInfinity;
        Dictionary<string, torch.Tensor> kept = [];
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            int[] order = [.. Enumerable.Range(0, training.Count)];
            random.Shuffle(order);
            IsTraining = learns is null;

            // The tool drops a last batch that is not full.
            foreach (int[] batch in order.Chunk(batchSize).Where(b => learns is not null || b.Length == batchSize))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                (torch.Tensor inputs, torch.Tensor labels) = Read(training, batch);
                optimizer.zero_grad();
                _loss(_forward(this, inputs), labels).backward();
                optimizer.step();
            }

            IsTraining = false;
            if (validation is null || Measure(validation).Loss is var loss && loss >= best)
                continue;
            best = loss;
            using (torch.no_grad())
                kept = _values.ToDictionary(v => v.Key, v => v.Value.detach().clone());
        }

        using (torch.no_grad())
        {
            foreach ((string name, torch.Tensor value) in kept)
                _values[name].copy_(value);
        }
    }

    /// <summary>Measures rows.</summary>
    /// <returns>The mean loss over batches weighed by their rows, and all scores, row by row.</returns>
    public (double Loss, float[][] Scores) Measure(ISampleSource rows)
    {
        double loss = 0;
        var all = new List<float[]>();
        foreach (int[] batch in Enumerable.Range(0, rows.Count).Chunk(256))
        {
            using DisposeScope scope = torch.NewDisposeScope();
            using IDisposable noGradient = torch.no_grad();
            (torch.Tensor inputs, torch.Tensor labels) = Read(rows, batch);
            torch.Tensor scores = _forward(this, inputs);
            loss += _loss(scores, labels).item<float>() * batch.Length;
            all.AddRange(scores.data<float>().ToArray().Chunk((int)scores.shape[1]));
        }

        return (loss / rows.Count, [.. all]);
    }

    public void Dispose()
    {
        foreach (torch.Tensor value in _values.Values)
            value.Dispose();
    }

    private static (torch.Tensor Inputs, torch.Tensor Labels) Read(ISampleSource rows, int[] batch)
    {
        TrainingSample[] samples = [.. batch.Select(r => rows.Read(r, 1))];
        Tensor first = samples[0].Inputs[0];
        torch.Tensor inputs = torch.tensor(samples.SelectMany(s => s.Inputs[0].Span<float>().ToArray()).ToArray(), [batch.Length, .. first.Dimensions]);
        torch.Tensor labels = samples[0].Labels.ElementType == ElementType.Int64
            ? torch.tensor(samples.Select(s => s.Labels.Span<long>()[0]).ToArray())
            : torch.tensor(samples.SelectMany(s => s.Labels.Span<float>().ToArray()).ToArray(), [batch.Length, .. samples[0].Labels.Dimensions]);
        return (inputs, labels);
    }
}
