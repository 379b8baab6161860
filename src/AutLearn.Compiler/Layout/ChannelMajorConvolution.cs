using AutLearn.Compiler.Analysis;
using AutLearn.Compiler.Gradients;
using AutLearn.Graph;

namespace AutLearn.Compiler.Layout;

/// <summary>The convolutions that gain from channel-major images, and what they become.</summary>
/// <remarks>
/// Pointwise: one matrix product, [Co, Ci] [Ci, N H W]. Depthwise on small planes: one product per channel of its rows of samples with the
/// Toeplitz matrix of its kernel, [N, H W] [H W, Ho Wo]. Depthwise on larger planes: a convolution that sees the samples as depth,
/// [1, C, N, H, W], whose gradients are in <see cref="DepthwisePlanesGradient"/>.
/// </remarks>
internal static class ChannelMajorConvolution
{
    // Entries of a channel's Toeplitz matrix. Up to 8x8 planes the product wins, 2 to 20 times as fast the smaller the plane.
    private const long LargestMatrix = 4096;

    /// <summary>Tells whether a convolution of images can be held channel-major.</summary>
    public static bool Fits(Node node) =>
        node.Input(1)?.Shape is { Rank: 4, IsStatic: true } w && w.All(d => d.Size > 0)
        && WindowOf(node) is { } window && (IsPointwise(node, window) || IsDepthwise(node));

    /// <summary>Adds the convolution of a channel-major image.</summary>
    /// <param name="b">Adds the nodes.</param>
    /// <param name="node">A convolution that fits; it is not changed.</param>
    /// <param name="x">[C, N, H, W].</param>
    /// <returns>[M, N, Ho, Wo], with or without a type.</returns>
    public static Value Emit(GraphBuilder b, Node node, Value x)
    {
        SlidingWindow window = WindowOf(node)!;
        Shape output = node.Outputs[0]!.Shape!;
        if (IsPointwise(node, window))
            return Pointwise(b, node, x, output);
        long plane = x.Shape![2].Size * x.Shape[3].Size, outputPlane = output[2].Size * output[3].Size;
        bool isSmall = SaturatingSize.Multiply(plane, outputPlane) <= LargestMatrix && ToeplitzMatrix.Fits(window.Taps, plane, outputPlane);
        Value y = isSmall ? ByToeplitz(b, node, window, x, output) : ByDepth(b, node, window, x, output);
        return node.Input(2) is { } bias ? b.Add(y, b.Reshape(bias, -1, 1, 1, 1)) : y;
    }

    private static bool IsPointwise(Node node, SlidingWindow window) =>
        node.GetInt("group", 1) == 1 && window.IsDense && Array.TrueForAll(window.Kernel, k => k == 1) && Array.TrueForAll(window.Strides, s => s == 1);

    private static bool IsDepthwise(Node node)
    {
        Shape w = node.Inputs[1]!.Shape!;
        long group = node.GetInt("group", 1);
        return w[0].Is(group) && w[1].Is(1) && node.Inputs[0]!.Shape![1].Is(group);
    }

    private static SlidingWindow? WindowOf(Node node)
    {
        Shape w = node.Inputs[1]!.Shape!;
        return SlidingWindow.TryOf(node, node.Inputs[0]!.Shape!, [w[2].Size, w[3].Size]);
    }

    private static Value Pointwise(GraphBuilder b, Node node, Value x, Shape output)
    {
        long outputs = output[1].Size, inputs = x.Shape![0].Size;
        Dimension columns = ImageTypes.Product(x.Shape[1], x.Shape[2], x.Shape[3]);
        Value rows = b.Reshape(x, inputs, -1);
        rows.Type = new TensorType(x.ElementType, new Shape(inputs, columns));
        Value weight = b.Reshape(node.Inputs[1]!, outputs, inputs);
        Value product = b.Op("Gemm", [weight, rows, node.Input(2) is { } bias ? b.Reshape(bias, outputs, 1) : null]);
        product.Type = new TensorType(x.ElementType, new Shape(outputs, columns));
        return b.Reshape(product, outputs, -1, output[2].Size, output[3].Size);
    }

    private static Value ByToeplitz(GraphBuilder b, Node node, SlidingWindow window, Value x, Shape output)
    {
        long channels = output[1].Size, height = x.Shape![2].Size, width = x.Shape[3].Size;
        ToeplitzMatrix toeplitz = ToeplitzMatrix.OfPlane(window, height, width, output[2].Size, output[3].Size);
        Value matrices = b.Reshape(toeplitz.PerKernel(b, b.Reshape(node.Inputs[1]!, channels, 1, toeplitz.Taps)), channels, toeplitz.Rows, toeplitz.Columns);
        Value samples = b.Reshape(x, channels, -1, height * width);
        samples.Type = new TensorType(x.ElementType, new Shape(channels, x.Shape[1], height * width));
        Value product = b.MatMul(samples, matrices);
        product.Type = new TensorType(x.ElementType, new Shape(channels, x.Shape[1], output[2].Size * output[3].Size));
        return b.Reshape(product, channels, -1, output[2].Size, output[3].Size);
    }

    private static Value ByDepth(GraphBuilder b, Node node, SlidingWindow window, Value x, Shape output)
    {
        Value weight = b.Op("Unsqueeze", [node.Inputs[1]!, b.Ints(2)]);
        Value volume = b.Op("Unsqueeze", [x, b.Ints(0)]);
        volume.Type = new TensorType(x.ElementType, new Shape([1, .. x.Shape!]));
        Value y = b.Op(
            "Conv",
            [volume, weight],
            ("kernel_shape", AttributeValue.Of([1L, .. window.Kernel])),
            ("strides", AttributeValue.Of([1L, .. window.Strides])),
            ("dilations", AttributeValue.Of([1L, .. window.Dilations])),
            ("pads", AttributeValue.Of([0L, .. window.Before, 0L, .. window.After])),
            ("group", AttributeValue.Of(output[1].Size)));
        y.Type = new TensorType(x.ElementType, new Shape(1, output[1], x.Shape![1], output[2], output[3]));
        return b.Op("Squeeze", [y, b.Ints(0)]);
    }
}
