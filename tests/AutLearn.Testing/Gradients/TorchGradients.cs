using AutLearn.Graph;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Testing.Gradients;

/// <summary>Loss and gradients of a case as libtorch's autograd gives them.</summary>
/// <param name="Loss">The loss of <see cref="GradientModel"/>.</param>
/// <param name="Gradients">One entry per input; zeros where no gradient flows.</param>
public sealed record TorchGradients(double Loss, double[][] Gradients)
{
    public static TorchGradients Compute(GradientCase row, Tensor?[] inputs)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        var tensors = new TorchTensor[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is not { } input)
                continue;
            tensors[i] = FromTensor(input);
            if (row.Inputs[i].Place == CaseInputPlace.Differentiated)
                tensors[i].requires_grad = true;
        }

        TorchTensor loss = torch.zeros(1, ToTorch(row.ElementType)).sum();
        TorchTensor[] outputs = row.Torch!(tensors);
        for (int o = 0; o < outputs.Length; o++)
        {
            double[] weights = new double[outputs[o].numel()];
            for (int e = 0; e < weights.Length; e++)
                weights[e] = GradientModel.Weight(o, e);
            TorchTensor w = torch.tensor(weights, torch.float64).to(ToTorch(row.ElementType)).reshape(outputs[o].shape);
            loss += (outputs[o].to(ToTorch(row.ElementType)) * w).sum();
        }

        if (loss.requires_grad)
            loss.backward();
        double[][] gradients = new double[inputs.Length][];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (row.Inputs[i].Place != CaseInputPlace.Differentiated)
                continue;
            TorchTensor? gradient = tensors[i].grad;
            gradients[i] = gradient is null ? new double[inputs[i]!.Count] : gradient.to(torch.float64).contiguous().data<double>().ToArray();
        }

        return new TorchGradients(loss.to(torch.float64).item<double>(), gradients);
    }

    private static torch.ScalarType ToTorch(ElementType type) => type switch
    {
        ElementType.Float32 => torch.float32,
        ElementType.Float64 => torch.float64,
        ElementType.Int64 => torch.int64,
        ElementType.Int32 => torch.int32,
        ElementType.Bool => torch.@bool,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No libtorch type is known for it."),
    };

    private static TorchTensor FromTensor(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Float32 => torch.tensor(tensor.Span<float>().ToArray(), torch.float32).reshape(tensor.Dimensions.AsSpan().ToArray()),
        ElementType.Float64 => torch.tensor(tensor.Span<double>().ToArray(), torch.float64).reshape(tensor.Dimensions.AsSpan().ToArray()),
        ElementType.Int64 => torch.tensor(tensor.Span<long>().ToArray(), torch.int64).reshape(tensor.Dimensions.AsSpan().ToArray()),
        ElementType.Int32 => torch.tensor(tensor.Span<int>().ToArray(), torch.int32).reshape(tensor.Dimensions.AsSpan().ToArray()),
        ElementType.Int8 => torch.tensor(tensor.Span<sbyte>().ToArray(), torch.int8).reshape(tensor.Dimensions.AsSpan().ToArray()),
        ElementType.UInt8 => torch.tensor(tensor.Span<byte>().ToArray(), torch.uint8).reshape(tensor.Dimensions.AsSpan().ToArray()),
        ElementType.Bool => torch.tensor(tensor.Span<bool>().ToArray(), torch.@bool).reshape(tensor.Dimensions.AsSpan().ToArray()),
        _ => throw new ArgumentOutOfRangeException(nameof(tensor), tensor.ElementType, "No libtorch type is known for it."),
    };
}
