using AutLearn.Graph;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Small recurrent networks as exporters write them, and their forward pass in libtorch from the same parameters.</summary>
internal static class RecurrentNetworks
{
    public const int Words = 30;
    public const int Hidden = 16;

    /// <summary>tokens [N, T] -> embedding -> two LSTM layers -> logits [N, T, words].</summary>
    public static OnnxModel LstmLanguageModel(int seed = 5)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("lstm-lm");
        Value x = Embed(graph, random);
        for (int layer = 0; layer < 2; layer++)
        {
            Value?[] inputs = [x, Weight(graph, random, $"l{layer}.W", 4, Hidden), Weight(graph, random, $"l{layer}.R", 4, Hidden), Weight(graph, random, $"l{layer}.B", 8, 0)];
            Value y = graph.AddNode("LSTM", inputs, [$"l{layer}.Y"], [new("hidden_size", AttributeValue.Of((long)Hidden))], name: $"l{layer}").Outputs[0]!;
            x = graph.AddNode("Squeeze", [y, Axis(graph, $"l{layer}.axis", 1)], [$"l{layer}.y"]).Outputs[0]!;
        }

        x = graph.AddNode("Transpose", [x], ["states"], [new("perm", AttributeValue.Of(1L, 0L, 2L))]).Outputs[0]!;
        Value w = graph.AddInitializer("fc.weight", Networks.Random(random, 0.25, Hidden, Words));
        Value b = graph.AddInitializer("fc.bias", Networks.Random(random, 0.1, Words));
        Value product = graph.AddNode("MatMul", [x, w], ["product"], name: "fc").Outputs[0]!;
        graph.AddOutput(graph.AddNode("Add", [product, b], ["logits"]).Outputs[0]!);
        return new OnnxModel(graph, Networks.Opset);
    }

    /// <summary>tokens [N, T] -> embedding -> bidirectional GRU -> last states of both directions -> logits [N, classes].</summary>
    public static OnnxModel GruClassifier(int classes, int seed = 6)
    {
        var random = new Random(seed);
        var graph = new OnnxGraph("gru");
        Value x = Embed(graph, random);
        Value?[] inputs = [x, Weight(graph, random, "gru.W", 3, Hidden, 2), Weight(graph, random, "gru.R", 3, Hidden, 2), Weight(graph, random, "gru.B", 6, 0, 2)];
        KeyValuePair<string, AttributeValue>[] attributes =
        [
            new("hidden_size", AttributeValue.Of((long)Hidden)),
            new("direction", AttributeValue.Of("bidirectional")),
            new("linear_before_reset", AttributeValue.Of(1L)),
        ];
        Value last = graph.AddNode("GRU", inputs, ["", "last"], attributes, name: "gru").Outputs[1]!;
        Value rows = graph.AddNode("Transpose", [last], ["rows"], [new("perm", AttributeValue.Of(1L, 0L, 2L))]).Outputs[0]!;
        Value flat = graph.AddNode("Flatten", [rows], ["flat"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, flat, "fc", random, 2 * Hidden, classes, "logits"));
        return new OnnxModel(graph, Networks.Opset);
    }

    /// <summary>The language model's logits, [N T, words].</summary>
    public static TorchTensor Lstm(TorchTwin twin, TorchTensor tokens)
    {
        TorchTensor[] steps = Steps(twin, tokens);
        for (int layer = 0; layer < 2; layer++)
        {
            TorchTensor h = torch.zeros(tokens.shape[0], Hidden), c = torch.zeros(tokens.shape[0], Hidden);
            for (int t = 0; t < steps.Length; t++)
            {
                TorchTensor[] gates = Gates(twin, $"l{layer}", steps[t], 'W', 0, 4).Zip(Gates(twin, $"l{layer}", h, 'R', 0, 4), (a, b) => a + b).ToArray();
                c = (torch.sigmoid(gates[2]) * c) + (torch.sigmoid(gates[0]) * torch.tanh(gates[3]));
                h = torch.sigmoid(gates[1]) * torch.tanh(c);
                steps[t] = h;
            }
        }

        return (torch.matmul(torch.stack(steps, 1), twin["fc.weight"]) + twin["fc.bias"]).reshape(-1, Words);
    }

    /// <summary>The classifier's logits, [N, classes].</summary>
    public static TorchTensor Gru(TorchTwin twin, TorchTensor tokens)
    {
        TorchTensor[] steps = Steps(twin, tokens);
        var last = new TorchTensor[2];
        for (int d = 0; d < 2; d++)
        {
            TorchTensor h = torch.zeros(tokens.shape[0], Hidden);
            foreach (TorchTensor x in d == 0 ? steps : steps.Reverse())
            {
                TorchTensor[] input = Gates(twin, "gru", x, 'W', d, 3), state = Gates(twin, "gru", h, 'R', d, 3);
                TorchTensor z = torch.sigmoid(input[0] + state[0]), r = torch.sigmoid(input[1] + state[1]);
                h = ((1 - z) * torch.tanh(input[2] + (r * state[2]))) + (z * h);
            }

            last[d] = h;
        }

        return torch.nn.functional.linear(torch.cat(last, 1), twin["fc.weight"], twin["fc.bias"]);
    }

    private static TorchTensor[] Steps(TorchTwin twin, TorchTensor tokens) => 
        twin["embedding"].index_select(0, tokens.reshape(-1)).reshape(tokens.shape[0], tokens.shape[1], Hidden).unbind(1);

    // B holds the biases of W, then those of R.
    private static TorchTensor[] Gates(TorchTwin twin, string layer, TorchTensor x, char which, int direction, int gates) =>
        torch.nn.functional.linear(x, twin[$"{layer}.{which}"][direction], twin[$"{layer}.B"][direction].narrow(0, which == 'W' ? 0 : gates * Hidden, gates * Hidden)).chunk(gates, 1);

    private static Value Embed(OnnxGraph graph, Random random)
    {
        Value tokens = graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", "T")));
        Value table = graph.AddInitializer("embedding", Networks.Random(random, 1, Words, Hidden));
        Value embedded = graph.AddNode("Gather", [table, tokens], ["embedded"]).Outputs[0]!;
        return graph.AddNode("Transpose", [embedded], ["sequence"], [new("perm", AttributeValue.Of(1L, 0L, 2L))]).Outputs[0]!;
    }

    private static Value Weight(OnnxGraph graph, Random random, string name, int gates, int width, int directions = 1) =>
        graph.AddInitializer(name, width > 0 ? Networks.Random(random, 0.25, directions, gates * Hidden, width) : Networks.Random(random, 0.25, directions, gates * Hidden));

    private static Value Axis(OnnxGraph graph, string name, long axis) => graph.AddInitializer(name, Tensor.Vector(axis));
}
