using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Testing.Networks;

/// <summary>The layers of <see cref="NetworkBuilder"/> in libtorch, in training mode.</summary>
public static class TorchLayers
{
    public static torch.Tensor Convolution(Func<string, torch.Tensor> parameters, torch.Tensor x, string layer, long stride, long group, Activation activation = Activation.Relu)
    {
        torch.Tensor weight = parameters($"{layer}.weight");
        long pad = weight.shape[2] / 2;
        torch.Tensor y = functional.conv2d(x, weight, strides: [stride, stride], padding: [pad, pad], groups: group);
        y = functional.batch_norm(
            y, parameters($"{layer}.bn.mean"), parameters($"{layer}.bn.var"), parameters($"{layer}.bn.scale"), parameters($"{layer}.bn.bias"), true, 0.1, 1e-5);
        return activation == Activation.Relu ? functional.relu(y) : y;
    }
}
