using AutLearn.Graph;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Tests;

/// <summary>A tiny convolutional classifier of grey images, with random weights.</summary>
internal static class SmallNetwork
{
    public const int Side = 8;
    public const int Classes = 3;

    public static string Write(string path)
    {
        OnnxFile.Write(Create(), path);
        return path;
    }

    public static OnnxModel Create()
    {
        var random = new Random(5);
        var graph = new OnnxGraph("small");
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 1, Side, Side)));
        x = graph.AddNode("Conv", [x, Weights("conv.weight", 4, 1, 3, 3)], ["conv.out"], [new("pads", AttributeValue.Of(1L, 1L, 1L, 1L)), new("strides", AttributeValue.Of(2L, 2L))], name: "conv").Outputs[0]!;
        x = graph.AddNode("Relu", [x], ["relu.out"], name: "relu").Outputs[0]!;
        x = graph.AddNode("Flatten", [x], ["features"], name: "flatten").Outputs[0]!;
        Value logits = graph.AddNode("Gemm", [x, Weights("classifier.weight", Classes, 64), graph.AddInitializer("classifier.bias", Tensor.Of<float>([Classes], new float[Classes]))], ["logits"], [new("transB", AttributeValue.Of(1L))], name: "classifier").Outputs[0]!;
        graph.AddOutput(logits);
        graph.AddOutput(graph.AddNode("Softmax", [logits], ["probabilities"], [new("axis", AttributeValue.Of(1L))], name: "softmax").Outputs[0]!);
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        Value Weights(string name, params long[] dimensions)
        {
            float[] values = new float[dimensions.Aggregate(1L, static (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(random.NextDouble() - 0.5);
            return graph.AddInitializer(name, Tensor.Of<float>(dimensions, values));
        }
    }
}
