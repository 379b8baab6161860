using AutLearn.Graph;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Testing.Networks;

/// <summary>ResNet-18 (He et al. 2016, arXiv:1512.03385), whole, with batch normalization; the first stage's channels are an argument.</summary>
public static class ResNet18
{
    private const int Stages = 4;
    private const int BlocksPerStage = 2;

    public static OnnxModel Create(int width, int side, int classes, int seed = 1)
    {
        var net = new NetworkBuilder("resnet", 18, seed);
        Value x = net.Graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 3, side, side)));
        x = net.Convolution("stem", x, 3, width, 7, 2, 1, Activation.Relu);
        x = net.Op("MaxPool", "pool", [x], new("kernel_shape", AttributeValue.Of(3L, 3L)), new("strides", AttributeValue.Of(2L, 2L)), new("pads", AttributeValue.Of(1L, 1L, 1L, 1L)));
        int channels = width;
        for (int stage = 0; stage < Stages; stage++)
        {
            int next = width << stage;
            for (int block = 0; block < BlocksPerStage; block++)
            {
                string name = $"s{stage}b{block}";
                int stride = Stride(stage, block);
                Value y = net.Convolution($"{name}.a", x, channels, next, 3, stride, 1, Activation.Relu);
                y = net.Convolution($"{name}.b", y, next, next, 3, 1, 1, Activation.None);
                Value shortcut = stride == 1 && channels == next ? x : net.Convolution($"{name}.s", x, channels, next, 1, stride, 1, Activation.None);
                x = net.Op("Relu", $"{name}.out", [net.Op("Add", $"{name}.sum", [y, shortcut])]);
                channels = next;
            }
        }

        x = net.Op("Flatten", "features", [net.Op("GlobalAveragePool", "pooled", [x])]);
        return net.Build(net.Dense("fc", x, channels, classes));
    }

    public static torch.Tensor Forward(Func<string, torch.Tensor> parameters, torch.Tensor x)
    {
        x = functional.max_pool2d(TorchLayers.Convolution(parameters, x, "stem", 2, 1), 3, 2, 1);
        for (int stage = 0; stage < Stages; stage++)
        {
            for (int block = 0; block < BlocksPerStage; block++)
            {
                string name = $"s{stage}b{block}";
                int stride = Stride(stage, block);
                torch.Tensor y = TorchLayers.Convolution(parameters, x, $"{name}.a", stride, 1);
                y = TorchLayers.Convolution(parameters, y, $"{name}.b", 1, 1, Activation.None);
                x = functional.relu(y + (stride == 1 && x.shape[1] == y.shape[1] ? x : TorchLayers.Convolution(parameters, x, $"{name}.s", stride, 1, Activation.None)));
            }
        }

        return functional.linear(x.mean([2, 3]), parameters("fc.weight"), parameters("fc.bias"));
    }

    private static int Stride(int stage, int block) => stage > 0 && block == 0 ? 2 : 1;
}
