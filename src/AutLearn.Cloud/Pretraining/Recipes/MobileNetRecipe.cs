using AutLearn.Graph;

namespace AutLearn.Cloud.Pretraining.Recipes;

/// <summary>MobileNet v1: one full convolution, thirteen pairs of a depthwise and a pointwise one, average pooling, a linear classifier.</summary>
/// <remarks>
/// Howard et al. 2017, arXiv:1704.04861, table 1. Weights are drawn from a normal distribution of variance 2 / fan-in (He et al. 2015,
/// arXiv:1502.01852); channel counts are rounded to multiples of 8.
/// </remarks>
/// <param name="Width">The factor on every channel count, above 0.</param>
/// <param name="Resolution">The side of the square input in pixels, at least 32.</param>
/// <param name="Channels">1 or 3.</param>
/// <param name="Classes">At least 2.</param>
internal sealed record MobileNetRecipe(double Width, int Resolution, int Channels, int Classes)
{
    private const long Opset = 18;

    // Output channels and stride of each pair.
    private static readonly (int Channels, int Stride)[] Pairs =
        [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)];

    /// <summary>Builds the network: <c>image</c> [N, channels, side, side] to <c>logits</c> and <c>probabilities</c> [N, classes].</summary>
    public OnnxModel Build(int seed)
    {
        var graph = new OnnxGraph("mobilenet");
        var weights = new SeededWeights(graph, seed);
        Value low = graph.AddInitializer("zero", Tensor.Scalar(0f)), high = graph.AddInitializer("six", Tensor.Scalar(6f));
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", Channels, Resolution, Resolution)));
        int channels = Scaled(32);
        x = Convolution("conv1", x, Channels, channels, kernel: 3, stride: 2, groups: 1);
        for (int i = 0; i < Pairs.Length; i++)
        {
            int next = Scaled(Pairs[i].Channels);
            x = Convolution($"conv_dw_{i + 1}", x, channels, channels, kernel: 3, Pairs[i].Stride, groups: channels);
            x = Convolution($"conv_pw_{i + 1}", x, channels, next, kernel: 1, stride: 1, groups: 1);
            channels = next;
        }

        x = Node("GlobalAveragePool", "pool", [x]);
        x = Node("Flatten", "features", [x]);
        Value head = weights.Normal("classifier.weight", 0.01, Classes, channels);
        Value logits = Node("Gemm", "logits", [x, head, weights.Constant("classifier.bias", 0, Classes)], ("transB", AttributeValue.Of(1L)));
        graph.AddOutput(logits);
        graph.AddOutput(Node("Softmax", "probabilities", [logits], ("axis", AttributeValue.Of(1L))));
        return new OnnxModel(graph, Opset) { IrVersion = 8 };

        Value Convolution(string name, Value input, int from, int to, int kernel, int stride, int groups)
        {
            long pad = kernel / 2;
            int fanIn = from / groups * kernel * kernel;
            Value weight = weights.Normal($"{name}.weight", Math.Sqrt(2d / fanIn), to, from / groups, kernel, kernel);
            Value y = Node(
                "Conv",
                name,
                [input, weight],
                ("kernel_shape", AttributeValue.Of((long)kernel, kernel)),
                ("strides", AttributeValue.Of((long)stride, stride)),
                ("pads", AttributeValue.Of(pad, pad, pad, pad)),
                ("group", AttributeValue.Of((long)groups)));
            Value[] normal =
            [
                y, weights.Constant($"{name}_bn.scale", 1, to), weights.Constant($"{name}_bn.bias", 0, to),
                weights.Constant($"{name}_bn.mean", 0, to), weights.Constant($"{name}_bn.var", 1, to),
            ];
            y = Node("BatchNormalization", $"{name}_bn", normal, ("epsilon", AttributeValue.Of(1e-3f)), ("momentum", AttributeValue.Of(0.9f)));
            return Node("Clip", $"{name}_relu", [y, low, high]);
        }

        Value Node(string opType, string name, Value[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
            graph.AddNode(opType, inputs, [name], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), name: $"{name}/{opType}").Outputs[0]!;
    }

    private int Scaled(int channels) => Math.Max(8, (int)Math.Round(channels * Width / 8) * 8);
}
