using AutLearn.Graph;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Testing.Networks;

/// <summary>MobileNet v1 (Howard et al. 2017, arXiv:1704.04861), whole, with batch normalization.</summary>
public static class MobileNetV1
{
    // Channels at width 1 and stride of each separable block.
    private static readonly (int Channels, int Stride)[] Blocks =
        [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)];

    public static OnnxModel Create(double width, int side, int classes, int seed = 1)
    {
        var net = new NetworkBuilder("mobilenet", 18, seed);
        Value x = net.Graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 3, side, side)));
        int channels = (int)(32 * width);
        x = net.Convolution("stem", x, 3, channels, 3, 2, 1, Activation.Relu);
        for (int i = 0; i < Blocks.Length; i++)
        {
            int next = (int)(Blocks[i].Channels * width);
            x = net.Convolution($"dw{i}", x, channels, channels, 3, Blocks[i].Stride, channels, Activation.Relu);
            x = net.Convolution($"pw{i}", x, channels, next, 1, 1, 1, Activation.Relu);
            channels = next;
        }

        x = net.Op("Flatten", "features", [net.Op("GlobalAveragePool", "pooled", [x])]);
        return net.Build(net.Dense("fc", x, channels, classes));
    }

    public static torch.Tensor Forward(Func<string, torch.Tensor> parameters, torch.Tensor x)
    {
        x = TorchLayers.Convolution(parameters, x, "stem", 2, 1);
        for (int i = 0; i < Blocks.Length; i++)
        {
            x = TorchLayers.Convolution(parameters, x, $"dw{i}", Blocks[i].Stride, x.shape[1]);
            x = TorchLayers.Convolution(parameters, x, $"pw{i}", 1, 1);
        }

        return functional.linear(x.mean([2, 3]), parameters("fc.weight"), parameters("fc.bias"));
    }
}
