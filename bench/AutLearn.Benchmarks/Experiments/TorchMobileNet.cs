using AutLearn.Graph;
using TorchSharp;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>The tool's MobileNet recipe in libtorch, begun with the same weights.</summary>
internal sealed class TorchMobileNet : IDisposable
{
    private static readonly int[] Strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

    private readonly Dictionary<string, torch.Tensor> _values = new(StringComparer.Ordinal);

    public TorchMobileNet(OnnxGraph graph)
    {
        foreach (Value value in graph.Initializers.Where(v => v.ElementType == ElementType.Float32 && v.Initializer!.Dimensions.Length > 0))
        {
            torch.Tensor tensor = torch.tensor(value.Initializer!.Span<float>().ToArray(), [.. value.Initializer!.Dimensions]);
            bool isStatistic = value.Name.EndsWith(".mean", StringComparison.Ordinal) || value.Name.EndsWith(".var", StringComparison.Ordinal);
            _values[value.Name] = isStatistic ? tensor : new Parameter(tensor);
        }
    }

    /// <summary>Trains every parameter by Adam; what is left at an epoch's end waits for the next, as in the tool.</summary>
    public void Train(float[][] images, long[] shape, long[] labels, int epochs, int batchSize, double rate, int seed)
    {
        using torch.optim.Optimizer optimizer = torch.optim.Adam([.. _values.Values.OfType<Parameter>()], rate);
        var random = new Random(seed);
        int[] order = [.. Enumerable.Range(0, images.Length)];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            foreach (int[] batch in order.Chunk(batchSize).Where(b => b.Length == batchSize))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                optimizer.zero_grad();
                torch.Tensor loss = functional.cross_entropy(Forward(Batch(images, shape, batch), isTraining: true), torch.tensor([.. batch.Select(i => labels[i])]));
                loss.backward();
                optimizer.step();
            }
        }
    }

    /// <summary>Measures the share of images that are classed right.</summary>
    public double Accuracy(float[][] images, long[] shape, long[] labels)
    {
        using IDisposable still = torch.no_grad();
        long correct = 0;
        foreach (int[] batch in Enumerable.Range(0, images.Length).Chunk(100))
        {
            using DisposeScope scope = torch.NewDisposeScope();
            long[] guesses = Forward(Batch(images, shape, batch), isTraining: false).argmax(1).data<long>().ToArray();
            correct += batch.Where((row, i) => guesses[i] == labels[row]).Count();
        }

        return (double)correct / images.Length;
    }

    public void Dispose()
    {
        foreach (torch.Tensor value in _values.Values)
            value.Dispose();
    }

    private static torch.Tensor Batch(float[][] images, long[] shape, int[] rows) => torch.tensor([.. rows.SelectMany(r => images[r])], [rows.Length, .. shape]);

    private torch.Tensor Forward(torch.Tensor x, bool isTraining)
    {
        x = Layer(x, "conv1", 2, isTraining);
        for (int i = 0; i < Strides.Length; i++)
        {
            x = Layer(x, $"conv_dw_{i + 1}", Strides[i], isTraining);
            x = Layer(x, $"conv_pw_{i + 1}", 1, isTraining);
        }

        return functional.linear(x.mean([2, 3]), _values["classifier.weight"], _values["classifier.bias"]);
    }

    private torch.Tensor Layer(torch.Tensor x, string name, long stride, bool isTraining)
    {
        torch.Tensor weight = _values[$"{name}.weight"];
        long pad = weight.shape[2] / 2;
        x = functional.conv2d(x, weight, strides: [stride, stride], padding: [pad, pad], groups: x.shape[1] / weight.shape[1]);
        string norm = $"{name}_bn";
        return functional.relu6(functional.batch_norm(x, _values[$"{norm}.mean"], _values[$"{norm}.var"], _values[$"{norm}.scale"], _values[$"{norm}.bias"], isTraining, 0.1, 1e-3));
    }
}
