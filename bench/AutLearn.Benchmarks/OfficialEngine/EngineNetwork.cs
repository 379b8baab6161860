using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Testing.Networks;

namespace AutLearn.Benchmarks.OfficialEngine;

/// <summary>A small classifier with what is trained of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">Its size in words.</param>
/// <param name="Create">Builds it; its one input has the batch first.</param>
/// <param name="Trainable">What is trained.</param>
internal sealed record EngineNetwork(string Name, string Description, Func<OnnxModel> Create, TrainableSelection Trainable)
{
    public const int Classes = 10;

    // The newest that both builds of the official engine read.
    private const long Opset = 20;

    private const int Width = 64;
    private const int Length = 16;
    private const int Rank = 4;

    public static IReadOnlyList<EngineNetwork> All { get; } =
    [
        new("tiny head", "64 to 10", Head, TrainableSelection.All),
        new("MLP", "128 to 256 to 128 to 10, ReLU", Mlp, TrainableSelection.All),
        new("CNN", "16x16 pixels, convolutions 3x3 of 8 and 16 channels with ReLU and maxima over 2x2, dense", Cnn, TrainableSelection.All),
        new(
            "transformer block",
            $"{Length} positions of {Width}, 4 heads, layer normalization; trained: adapters of rank {Rank} at all six products, the normalizations, the head",
            Block,
            TrainableSelection.Patterns("*.down_adapter", "*.up_adapter", "n?.*", "fc.*")),
    ];

    private static OnnxModel Head()
    {
        var net = new NetworkBuilder("head", Opset, seed: 1);
        return net.Build(net.Dense("fc", Input(net, Width), Width, Classes));
    }

    private static OnnxModel Mlp()
    {
        var net = new NetworkBuilder("mlp", Opset, seed: 1);
        Value x = net.Op("Relu", "fc1.relu", [net.Dense("fc1", Input(net, 128), 128, 256)]);
        x = net.Op("Relu", "fc2.relu", [net.Dense("fc2", x, 256, 128)]);
        return net.Build(net.Dense("fc", x, 128, Classes));
    }

    private static OnnxModel Cnn()
    {
        var net = new NetworkBuilder("cnn", Opset, seed: 1);
        Value x = Layer("conv1", Input(net, 1, 16, 16), 1, 8);
        x = Layer("conv2", x, 8, 16);
        return net.Build(net.Dense("fc", net.Op("Flatten", "flat", [x]), 16 * 16, Classes));

        Value Layer(string name, Value input, int inputs, int outputs)
        {
            Value weight = net.Normal($"{name}.weight", Math.Sqrt(2.0 / (9 * inputs)), outputs, inputs, 3, 3);
            Value y = net.Op("Conv", $"{name}.out", [input, weight, net.Filled($"{name}.bias", 0, outputs)], new KeyValuePair<string, AttributeValue>("pads", AttributeValue.Of(1L, 1L, 1L, 1L)));
            return net.Op(
                "MaxPool",
                $"{name}.pooled",
                [net.Op("Relu", $"{name}.relu", [y])],
                new("kernel_shape", AttributeValue.Of(2L, 2L)),
                new("strides", AttributeValue.Of(2L, 2L)));
        }
    }

    private static OnnxModel Block()
    {
        var net = new NetworkBuilder("block", Opset, seed: 1);
        Value input = Input(net, Length, Width), x = Normalized("n0", input);
        Value split = net.Constant("split_heads", 0, Length, 4, Width / 4), join = net.Constant("join_heads", 0, Length, Width);
        Value scale = net.Graph.AddInitializer("attention_scale", Tensor.Scalar((float)(1 / Math.Sqrt(Width / 4))));
        Value scores = net.Op("Mul", "scaled", [net.Op("MatMul", "scores", [Head("q", [0, 2, 1, 3]), Head("k", [0, 2, 3, 1])]), scale]);
        Value attention = net.Op("Softmax", "attention", [scores], new KeyValuePair<string, AttributeValue>("axis", AttributeValue.Of(-1L)));
        Value mixed = Permuted("back", net.Op("MatMul", "mixed", [attention, Head("v", [0, 2, 1, 3])]), [0, 2, 1, 3]);
        x = Normalized("n1", net.Op("Add", "sum1", [input, Adapted("o", net.Op("Reshape", "joined", [mixed, join]), Width, Width)]));
        x = Normalized("n2", net.Op("Add", "sum2", [x, Adapted("narrow", net.Op("Gelu", "gelu", [Adapted("wide", x, Width, 4 * Width)]), 4 * Width, Width)]));
        Value mean = net.Op("ReduceMean", "mean", [x, net.Constant("positions", 1)], new KeyValuePair<string, AttributeValue>("keepdims", AttributeValue.Of(0L)));
        return net.Build(net.Dense("fc", mean, Width, Classes));

        Value Head(string name, long[] order) => Permuted($"{name}.heads", net.Op("Reshape", $"{name}.split", [Adapted(name, x, Width, Width), split]), order);

        Value Permuted(string name, Value input, long[] order) => net.Op("Transpose", name, [input], new KeyValuePair<string, AttributeValue>("perm", AttributeValue.Of(order)));

        Value Normalized(string name, Value input) => net.Op(
            "LayerNormalization",
            $"{name}.out",
            [input, net.Filled($"{name}.scale", 1, Width), net.Filled($"{name}.bias", 0, Width)],
            new KeyValuePair<string, AttributeValue>("axis", AttributeValue.Of(-1L)));

        // x W + b + x D U (Hu et al. 2021, arXiv:2106.09685); U is not 0 here, so that all gradients are there from the first step on.
        Value Adapted(string name, Value input, int inputs, int outputs)
        {
            Value frozen = net.Op(
                "Add",
                $"{name}.frozen",
                [net.Op("MatMul", $"{name}.product", [input, net.Normal($"{name}.weight", 1 / Math.Sqrt(inputs), inputs, outputs)]), net.Filled($"{name}.bias", 0, outputs)]);
            Value low = net.Op("MatMul", $"{name}.low", [input, net.Normal($"{name}.down_adapter", 1 / Math.Sqrt(inputs), inputs, Rank)]);
            return net.Op("Add", $"{name}.adapted", [frozen, net.Op("MatMul", $"{name}.high", [low, net.Normal($"{name}.up_adapter", 0.02, Rank, outputs)])]);
        }
    }

    private static Value Input(NetworkBuilder net, params Dimension[] sizes) =>
        net.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(sizes.Prepend("N"))));
}
