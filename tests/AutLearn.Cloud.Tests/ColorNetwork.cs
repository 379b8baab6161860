using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Tests;

/// <summary>Scores an image by the means of its three channels, as its input holds them: wrong scale, order or layout shows in the scores.</summary>
internal static class ColorNetwork
{
    public const int Side = 16;

    public static string Write(string path, ElementType type, ImageTensorLayout layout, bool isOpen, string? classes = null)
    {
        OnnxFile.Write(Create(type, layout, isOpen, classes), path);
        return path;
    }

    public static OnnxModel Create(ElementType type, ImageTensorLayout layout, bool isOpen, string? classes = null)
    {
        Dimension height = isOpen ? "height" : Side, width = isOpen ? "width" : Side;
        var graph = new OnnxGraph("colors");
        Value x = graph.AddInput("image", new TensorType(type, layout == ImageTensorLayout.Nhwc ? new Shape("N", height, width, 3) : new Shape("N", 3, height, width)));
        if (type != ElementType.Float32)
            x = graph.AddNode("Cast", [x], ["floats"], [new("to", AttributeValue.Of((long)ElementType.Float32))]).Outputs[0]!;
        if (layout == ImageTensorLayout.Nhwc)
            x = graph.AddNode("Transpose", [x], ["planes"], [new("perm", AttributeValue.Of(0L, 3L, 1L, 2L))]).Outputs[0]!;
        x = graph.AddNode("GlobalAveragePool", [x], ["means"]).Outputs[0]!;
        x = graph.AddNode("Flatten", [x], ["features"]).Outputs[0]!;
        Value weight = graph.AddInitializer("classifier.weight", Tensor.Of<float>([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]));
        Value bias = graph.AddInitializer("classifier.bias", Tensor.Of<float>([3], new float[3]));
        graph.AddOutput(graph.AddNode("Gemm", [x, weight, bias], ["logits"]).Outputs[0]!);
        return new OnnxModel(graph, 18) { IrVersion = 8 };
    }
}
