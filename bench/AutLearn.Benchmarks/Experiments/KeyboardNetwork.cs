using AutLearn.Graph;
using AutLearn.Samples.Keyboard;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>The keyboard's next-word network: embeddings of the last words, one hidden layer, a score a word (Bengio et al., JMLR 3, 2003).</summary>
internal static class KeyboardNetwork
{
    public const int EmbeddingSize = 32;
    public const int HiddenSize = 64;

    public static OnnxModel Create(int words, int seed)
    {
        const int ContextSize = Vocabulary.ContextLength * EmbeddingSize;
        var random = new Random(seed);
        var graph = new OnnxGraph("keyboard");
        Value x = graph.AddInput("words", new TensorType(ElementType.Int64, new Shape("N", Vocabulary.ContextLength)));
        x = graph.AddNode("Gather", [Weights("embedding", 0.1, words, EmbeddingSize), x], ["embedded"], [new("axis", AttributeValue.Of(0L))], name: "embed").Outputs[0]!;
        x = graph.AddNode("Reshape", [x, graph.AddInitializer("context_shape", Tensor.Vector<long>([-1, ContextSize]))], ["context"], name: "join").Outputs[0]!;
        x = Gemm("hidden", x, HiddenSize, ContextSize);
        x = graph.AddNode("Relu", [x], ["features"], name: "relu").Outputs[0]!;
        graph.AddOutput(Gemm("scores", x, words, HiddenSize));
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        // Uniform in +-sqrt(6 / (inputs + outputs)): Glorot and Bengio, AISTATS 2010.
        Value Gemm(string name, Value input, int outputs, int inputs) => graph.AddNode(
            "Gemm",
            [input, Weights($"{name}.weight", Math.Sqrt(6.0 / (inputs + outputs)), outputs, inputs), graph.AddInitializer($"{name}.bias", Tensor.Of<float>([outputs], new float[outputs]))],
            [$"{name}.out"],
            [new("transB", AttributeValue.Of(1L))],
            name: name).Outputs[0]!;

        Value Weights(string name, double bound, int rows, int columns)
        {
            float[] values = new float[rows * columns];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(bound * ((2 * random.NextDouble()) - 1));
            return graph.AddInitializer(name, Tensor.Of<float>([rows, columns], values));
        }
    }
}
