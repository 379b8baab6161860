using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;

namespace AutLearn.Runtime.Tests.Losses;

/// <summary>A small model with samples that it can learn, one for each kind of loss and of row.</summary>
internal sealed class LearningTask
{
    private const int Width = 4;
    private const int Words = 7;

    private LearningTask(string name, Loss loss)
    {
        Name = name;
        Loss = loss;
    }

    /// <summary>Gets the names of all tasks.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["cross-entropy", "mse", "l1", "huber", "yes or no", "tags", "several numbers", "sequence", "two inputs", "several tasks"];

    public string Name { get; }

    public Loss Loss { get; }

    /// <summary>Gets a value indicating whether rows are sequences of differing lengths.</summary>
    public bool IsSequence => Name == "sequence";

    /// <summary>Gets the length that sequences are padded to.</summary>
    public static Dictionary<string, int> Sizes { get; } = new() { ["T"] = 6 };

    /// <summary>Gets the row sizes to give a learner.</summary>
    public Dictionary<string, int> RowSizes => IsSequence ? Sizes : [];

    public static LearningTask Of(string name) => new(name, name switch
    {
        "mse" or "two inputs" or "several numbers" => new MeanSquaredLoss(),
        "l1" => new L1Loss(),
        "huber" => new HuberLoss(),
        "yes or no" or "tags" => new BinaryCrossEntropyWithLogitsLoss(),
        "sequence" => new SoftmaxCrossEntropyLoss { IgnoreIndex = -1 },
        "several tasks" => new MultiTaskLoss(new TaskLoss("kind", new SoftmaxCrossEntropyLoss()), new TaskLoss("size", new MeanSquaredLoss(), 0.5)),
        _ => new SoftmaxCrossEntropyLoss(),
    });

    /// <summary>Compiles the model, frozen below its last layer.</summary>
    public string Write(string path)
    {
        ModelCompiler.Compile(Model(), new()
        {
            Loss = Loss,
            Trainable = Name == "several tasks" ? TrainableSelection.Patterns("kind.*", "size.*") : TrainableSelection.LastLayers(1),
            Optimizer = new AdamOptimizer(),
            Defaults = new(0.05, 8, 30),
        }).SavePackage(path);
        return path;
    }

    /// <summary>Makes a sample: one row of the inputs, of its own length where rows are sequences, and its labels.</summary>
    public (TensorBuffer[] Inputs, TensorBuffer Labels) Sample(int index)
    {
        var random = new Random(1000 + index);
        if (IsSequence)
            return Sequence(random, 2 + (index % 5));
        float[] x = [.. Enumerable.Range(0, Width).Select(_ => (2 * random.NextSingle()) - 1)];
        var input = Row(ElementType.Float32, Width);
        x.CopyTo(input.Span<float>());
        float sum = x[0] - x[1] + (0.5f * x[2]);
        switch (Name)
        {
            case "cross-entropy":
                return ([input], Classes(sum > 0 ? 1 : 0));
            case "yes or no":
                return ([input], Numbers(sum > 0 ? 1 : 0));
            case "tags":
                return ([input], Numbers(sum > 0 ? 1 : 0, x[1] > 0 ? 1 : 0, x[2] > x[3] ? 1 : 0));
            case "several numbers":
                return ([input], Numbers(sum, x[3], -x[0]));
            case "several tasks":
                return ([input], Numbers(sum > 0 ? 1 : 0, sum));
            case "two inputs":
                var word = Row(ElementType.Int64);
                word.Span<long>()[0] = index % Words;
                return ([input, word], Numbers(sum + (index % Words)));
            default:
                return ([input], Numbers(sum));
        }
    }

    /// <summary>Makes samples of one length, side by side.</summary>
    public (TensorBuffer[] Inputs, TensorBuffer Labels) Batch(int first, int rows)
    {
        (TensorBuffer[] Inputs, TensorBuffer Labels)[] samples = [.. Enumerable.Range(first, rows).Select(i => IsSequence ? Sequence(new Random(1000 + i), 5) : Sample(i))];
        return ([.. samples[0].Inputs.Select((_, i) => Join([.. samples.Select(s => s.Inputs[i])]))], Join([.. samples.Select(s => s.Labels)]));
    }

    private static TensorBuffer Join(TensorBuffer[] rows)
    {
        var joined = new TensorBuffer(rows[0].ElementType, [rows.Length, .. rows[0].Dimensions[1..]]);
        int size = rows[0].Bytes.Length;
        for (int i = 0; i < rows.Length; i++)
            rows[i].Bytes.CopyTo(joined.Bytes[(i * size)..]);
        return joined;
    }

    // Each word is followed by the one that its number and the step decide, so that an embedding and a linear layer can tell.
    private static (TensorBuffer[] Inputs, TensorBuffer Labels) Sequence(Random random, int length)
    {
        TensorBuffer tokens = Row(ElementType.Int64, length), next = Row(ElementType.Int64, length);
        for (int i = 0; i < length; i++)
        {
            tokens.Span<long>()[i] = random.Next(Words);
            next.Span<long>()[i] = (tokens.Span<long>()[i] * 3 + 1) % Words;
        }

        return ([tokens], next);
    }

    private static TensorBuffer Row(ElementType type, params ReadOnlySpan<long> dimensions) => new(type, [1, .. dimensions]);

    private static TensorBuffer Classes(long label)
    {
        var labels = new TensorBuffer(ElementType.Int64, 1);
        labels.Span<long>()[0] = label;
        return labels;
    }

    private static TensorBuffer Numbers(params ReadOnlySpan<float> values)
    {
        var labels = new TensorBuffer(ElementType.Float32, 1, values.Length);
        values.CopyTo(labels.Span<float>());
        return labels;
    }

    private OnnxModel Model()
    {
        var (graph, random) = (new OnnxGraph("task"), new Random(1));
        if (IsSequence)
        {
            Value tokens = graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", "T")));
            Value embedded = graph.AddNode("Gather", [Weights("embedding", Words, 12), tokens], ["embedded"]).Outputs[0]!;
            Value hidden = graph.AddNode("Tanh", [embedded], ["hidden"]).Outputs[0]!;
            graph.AddOutput(graph.AddNode("Add", [graph.AddNode("MatMul", [hidden, Weights("head.weight", 12, Words)], ["scores"]).Outputs[0]!, Weights("head.bias", Words)], ["logits"]).Outputs[0]!);
            return new OnnxModel(graph, 18);
        }

        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Width)));
        Value h = graph.AddNode("Tanh", [Dense(x, "backbone", Width, 16)], ["h"]).Outputs[0]!;
        if (Name == "two inputs")
        {
            Value word = graph.AddInput("word", new TensorType(ElementType.Int64, new Shape("N")));
            Value embedded = graph.AddNode("Gather", [Weights("embedding", Words, 16), word], ["embedded"]).Outputs[0]!;
            h = graph.AddNode("Concat", [h, embedded], ["both"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!;
        }

        int width = Name == "two inputs" ? 32 : 16;
        if (Name == "several tasks")
        {
            graph.AddOutput(Dense(h, "kind", width, 2));
            graph.AddOutput(Dense(h, "size", width, 1));
        }
        else
        {
            graph.AddOutput(Dense(h, "logits", width, Name switch { "cross-entropy" => 2, "tags" or "several numbers" => 3, _ => 1 }));
        }

        return new OnnxModel(graph, 18);

        Value Dense(Value input, string name, int inputs, int outputs) =>
            graph.AddNode("Gemm", [input, Weights($"{name}.weight", inputs, outputs), Weights($"{name}.bias", outputs)], [name]).Outputs[0]!;

        Value Weights(string name, params long[] sizes) =>
            graph.AddInitializer(name, Tensor.Of<float>(sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => (2 * random.NextSingle()) - 1)]));
    }
}
