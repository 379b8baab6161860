using AutLearn.Graph;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Testing.Networks;

/// <summary>A transformer encoder that classifies sequences (Vaswani et al. 2017, arXiv:1706.03762): normalization after each sum, GELU, mean over time.</summary>
public static class TransformerEncoder
{
    public const int Layers = 4;
    public const int Heads = 4;

    public static OnnxModel Create(int words, int length, int width, int classes, int seed = 1, int layers = Layers, int heads = Heads)
    {
        var net = new NetworkBuilder("transformer", 20, seed);
        Value tokens = net.Graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", length)));
        Value x = net.Op("Gather", "embedded", [net.Normal("embedding", 0.1, words, width), tokens]);
        x = net.Op("Add", "placed", [x, net.Normal("position", 0.1, length, width)]);
        Value split = net.Constant("split_heads", 0, 0, heads, width / heads), join = net.Constant("join_heads", 0, 0, width);
        Value scale = net.Graph.AddInitializer("attention_scale", Tensor.Scalar((float)(1 / Math.Sqrt(width / heads))));
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"l{layer}";
            Value q = Head("q", [0, 2, 1, 3]), k = Head("k", [0, 2, 3, 1]), v = Head("v", [0, 2, 1, 3]);
            Value scores = net.Op("Mul", $"{name}.scaled", [net.Op("MatMul", $"{name}.scores", [q, k]), scale]);
            Value mixed = net.Op("MatMul", $"{name}.mixed", [net.Op("Softmax", $"{name}.attention", [scores], new KeyValuePair<string, AttributeValue>("axis", AttributeValue.Of(-1L))), v]);
            mixed = net.Op("Reshape", $"{name}.joined", [net.Op("Transpose", $"{name}.back", [mixed], new KeyValuePair<string, AttributeValue>("perm", AttributeValue.Of(0L, 2L, 1L, 3L))), join]);
            x = Normalize("n1", net.Op("Add", $"{name}.sum1", [x, Linear("o", mixed, width, width)]));
            Value hidden = net.Op("Gelu", $"{name}.gelu", [Linear("up", x, width, 4 * width)]);
            x = Normalize("n2", net.Op("Add", $"{name}.sum2", [x, Linear("down", hidden, 4 * width, width)]));

            Value Head(string part, long[] order) => net.Op(
                "Transpose",
                $"{name}.{part}.heads",
                [net.Op("Reshape", $"{name}.{part}.split", [Linear(part, x, width, width), split])],
                new KeyValuePair<string, AttributeValue>("perm", AttributeValue.Of(order)));

            Value Linear(string part, Value input, int inputs, int outputs) => net.Op(
                "Add",
                $"{name}.{part}.out",
                [net.Op("MatMul", $"{name}.{part}.product", [input, net.Normal($"{name}.{part}.weight", 1 / Math.Sqrt(inputs), inputs, outputs)]), net.Filled($"{name}.{part}.bias", 0, outputs)]);

            Value Normalize(string part, Value input) => net.Op(
                "LayerNormalization",
                $"{name}.{part}.out",
                [input, net.Filled($"{name}.{part}.scale", 1, width), net.Filled($"{name}.{part}.bias", 0, width)],
                new KeyValuePair<string, AttributeValue>("axis", AttributeValue.Of(-1L)));
        }

        Value mean = net.Op("ReduceMean", "mean", [x, net.Constant("time", 1)], new KeyValuePair<string, AttributeValue>("keepdims", AttributeValue.Of(0L)));
        return net.Build(net.Dense("fc", mean, width, classes));
    }

    /// <summary>Computes the scores in libtorch.</summary>
    /// <param name="parameters">Gets a parameter by name.</param>
    /// <param name="tokens">Int64 [N, T].</param>
    /// <param name="layers">As in the model.</param>
    /// <param name="heads">As in the model.</param>
    /// <param name="adapter">What is added to the product of an input with the weight of a name, or null for nothing.</param>
    public static torch.Tensor Forward(Func<string, torch.Tensor> parameters, torch.Tensor tokens, int layers = Layers, int heads = Heads, Func<string, torch.Tensor, torch.Tensor?>? adapter = null)
    {
        torch.Tensor x = parameters("embedding").index_select(0, tokens.reshape(-1)).reshape(tokens.shape[0], tokens.shape[1], -1) + parameters("position");
        long batch = x.shape[0], length = x.shape[1], width = x.shape[2];
        for (int layer = 0; layer < layers; layer++)
        {
            string name = $"l{layer}";
            torch.Tensor scores = Head("q").matmul(Head("k").transpose(2, 3)) / Math.Sqrt(width / heads);
            torch.Tensor mixed = functional.softmax(scores, -1).matmul(Head("v")).transpose(1, 2).reshape(batch, length, width);
            x = Normalize("n1", x + Linear("o", mixed));
            x = Normalize("n2", x + Linear("down", functional.gelu(Linear("up", x))));

            torch.Tensor Head(string part) => Linear(part, x).reshape(batch, length, heads, width / heads).transpose(1, 2);

            torch.Tensor Linear(string part, torch.Tensor input)
            {
                torch.Tensor product = input.matmul(parameters($"{name}.{part}.weight"));
                return (adapter?.Invoke($"{name}.{part}.weight", input) is { } added ? product + added : product) + parameters($"{name}.{part}.bias");
            }

            torch.Tensor Normalize(string part, torch.Tensor input) =>
                functional.layer_norm(input, [width], parameters($"{name}.{part}.scale"), parameters($"{name}.{part}.bias"), 1e-5);
        }

        return functional.linear(x.mean([1]), parameters("fc.weight"), parameters("fc.bias"));
    }
}
